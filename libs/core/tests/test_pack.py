"""A packed run is the run it was made of: as recorded when small, in windows when large."""

import lzma
from dataclasses import replace

import msgpack
import numpy as np
import pytest

from perf_core.errors import DamagedRunError, RunStoreError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.frame import Frame, FrameError, FrameKey, FrameRow
from perf_core.model.histogram import Histogram, IntArray
from perf_core.model.run import RunInfo
from perf_core.model.series import OutcomeSeries, Recording
from perf_core.model.verdict import RunState
from perf_core.runstore import RunStore
from perf_core.runstore.pack import MAGIC, pack, unpack
from perf_core.runstore.recording import build_recording
from perf_core.runstore.unpacked import store_packed

START = 1_790_000_000


def row(name: str, second: int, latencies: "np.ndarray", error_class: str = "") -> FrameRow:
    histogram = Histogram.from_latencies(latencies)
    return FrameRow(
        FrameKey("GET", name, error_class),
        START + second,
        histogram.total,
        histogram.total_time,
        histogram.minimum,
        histogram.maximum,
        histogram.total * 100,
        histogram.buckets,
        histogram.counts,
    )


def frames(seconds: int, endpoints: int, requests: int, workers: int = 2) -> list[Frame]:
    """Latencies that rise by half over the run, with a few failures."""
    draw, made = np.random.default_rng(3), []
    for worker in range(workers):
        for second in range(seconds):
            rows = [
                row(f"/e{at}", second, draw.lognormal(-4 + at % 5 / 5, 0.4, requests) * (1 + second / seconds / 2))
                for at in range(endpoints)
            ]
            failed = (row("/e0", second, draw.lognormal(-3, 0.1, 1), "http_503"),) if second % 10 == 0 else ()
            errors = tuple(FrameError(each.key, "503 Service Unavailable", each.count) for each in failed)
            made.append(Frame(f"w{worker}", second + 1, START + second + 1.0, (*rows, *failed), errors))
    return made


def info(of: list[Frame], seconds: int) -> RunInfo:
    return RunInfo(
        "20260921-101500-ab12",
        "checkout",
        "http://127.0.0.1:8000",
        state=RunState.FINISHED,
        started=float(START),
        ended=float(START + seconds),
        ramp_up=2.5,
        requests=sum(each.requests for each in of),
        failures=sum(row.count for each in of for row in each.rows if row.key.error_class),
    )


def unpacked(data: bytes) -> Recording:
    run = unpack(data)
    return build_recording(run.info, [run.frame])


def assert_same_series(left: OutcomeSeries, right: OutcomeSeries) -> None:
    for name in ("seconds", "counts", "minima", "maxima", "bytes", "cell_seconds", "cell_buckets", "cell_counts"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), name)
    np.testing.assert_allclose(left.sums, right.sums)


def test_a_small_run_comes_back_as_it_was_recorded():
    recorded = frames(60, 3, 10)
    before = build_recording(info(recorded, 60), recorded)

    after = unpacked(pack(before.info, recorded))

    assert after.info == before.info
    assert after.endpoints.keys() == before.endpoints.keys()
    for key, series in before.endpoints.items():
        assert_same_series(after.endpoints[key].ok, series.ok)
        assert_same_series(after.endpoints[key].failed, series.failed)
        assert after.endpoints[key].errors == series.errors


def test_twenty_endpoints_of_a_busy_quarter_of_an_hour_fit_a_megabyte_and_keep_their_distributions():
    recorded = frames(900, 20, 25, workers=1)
    before = build_recording(info(recorded, 900), recorded)

    packed = pack(before.info, recorded)
    after = unpacked(packed)

    assert len(packed) < 1_000_000
    for key, series in before.endpoints.items():
        whole, again = series.ok.histogram(), after.endpoints[key].ok.histogram()
        np.testing.assert_array_equal(whole.buckets, again.buckets)
        np.testing.assert_array_equal(whole.counts, again.counts)
        assert (whole.minimum, whole.maximum) == (again.minimum, again.maximum)
        assert whole.total_time == pytest.approx(again.total_time)
        assert (after.endpoints[key].requests, after.endpoints[key].failures) == (series.requests, series.failures)


def coarse(series: OutcomeSeries, first: int, last: int) -> IntArray:
    histogram = series.histogram(first, last)
    return np.bincount(histogram.buckets >> 5, weights=histogram.counts, minlength=1024).astype(np.int64)


def test_a_window_keeps_its_coarse_histogram():
    recorded = frames(300, 2, 40, workers=1)
    before = build_recording(info(recorded, 300), recorded)
    key, width, origin = EndpointKey("GET", "/e1"), 4, START + 3

    after = unpacked(pack(before.info, recorded, limit=1))

    assert after.endpoints[key].ok.seconds.size <= 128
    for window in range(0, 288, width):
        first, last = origin + window, origin + window + width - 1
        np.testing.assert_array_equal(
            coarse(before.endpoints[key].ok, first, last), coarse(after.endpoints[key].ok, first, last)
        )


def test_a_pack_always_unpacks_to_the_same_run():
    recorded = frames(300, 1, 10)
    packed = pack(info(recorded, 300), recorded, limit=1)

    key = EndpointKey("GET", "/e0")
    assert_same_series(unpacked(packed).endpoints[key].ok, unpacked(packed).endpoints[key].ok)


def test_a_packed_run_becomes_a_run_of_the_store_once(tmp_path):
    recorded = frames(30, 2, 5)
    packed, store = pack(info(recorded, 30), recorded), RunStore(tmp_path)

    (first,) = store_packed(store, packed)
    (again,) = store_packed(store, packed)

    assert first.load().requests == again.load().requests == info(recorded, 30).requests


def test_another_run_of_that_id_is_not_overwritten(tmp_path):
    recorded = frames(30, 2, 5)
    store = RunStore(tmp_path)
    store.create(replace(info(recorded, 30), started=1.0))

    with pytest.raises(RunStoreError, match="another run"):
        store_packed(store, pack(info(recorded, 30), recorded))


def test_an_empty_run_packs():
    run = RunInfo("r", "s", "t", state=RunState.FINISHED)

    assert unpacked(pack(run, [], limit=1)).requests == 0


GOOD = pack(RunInfo("r", "s", "t", state=RunState.FINISHED), [])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>404</html>", id="a page"),
        pytest.param(GOOD[:-5], id="cut off"),
        pytest.param(MAGIC + b"\x00" * 50, id="noise"),
        pytest.param(MAGIC + lzma.compress(msgpack.packb([1, 2])), id="another document"),
        pytest.param(MAGIC + lzma.compress(msgpack.packb({"info": {}, "series": [], "errors": []})), id="no facts"),
    ],
)
def test_what_is_no_pack_is_refused(data):
    with pytest.raises(DamagedRunError):
        unpack(data)


def test_a_file_that_unfolds_to_more_than_any_run_is_refused(monkeypatch):
    monkeypatch.setattr("perf_core.runstore.pack.LARGEST", 1_000)

    with pytest.raises(DamagedRunError, match="too large"):
        unpack(MAGIC + lzma.compress(b"\x00" * 2_000))
