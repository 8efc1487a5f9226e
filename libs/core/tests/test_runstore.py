import json
from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from perf_core.errors import BaselineError, DamagedRunError, RunNotFoundError, RunStoreError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.frame import Frame, FrameError, FrameKey, FrameRow
from perf_core.model.run import FinishStep, RunEvent, RunInfo
from perf_core.model.verdict import RunState, Validity, Verdict
from perf_core.runstore import RunStore, new_run_id
from perf_core.runstore.frame_codec import decode_frame, encode_frame
from perf_core.runstore.frame_log import scan, write_log

OK = FrameKey("GET", "/items", "")
BAD = FrameKey("GET", "/items", "HTTP 500")


def row(key: FrameKey = OK, second: int = 100, counts: tuple[int, ...] = (2, 300)) -> FrameRow:
    values = np.array(counts, dtype=np.int64)
    buckets = np.arange(len(counts), dtype=np.int64) + 12_000
    return FrameRow(key, second, int(values.sum()), 1.5, 0.001, 0.4, 77, buckets, values)


def frame(worker: str = "w1", seq: int = 1, rows: tuple[FrameRow, ...] = (row(),)) -> Frame:
    return Frame(worker, seq, 101.5, rows, (FrameError(BAD, "boom", 1),), {"users": 3.0}, rejected=1, folded=2)


def stored(store: RunStore, run_id: str, frames: tuple[Frame, ...] = (frame(),), **facts: object) -> RunInfo:
    requests = sum(each.requests for each in frames)
    info = RunInfo(run_id, "checkout", "http://127.0.0.1", RunState.FINISHED, started=1.0, requests=requests)
    info = replace(info, **facts)  # type: ignore[arg-type]  # a test names the facts it is about
    folder = store.create(info)
    write_log(folder.frames_log, [encode_frame(each) for each in frames])
    return info


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def test_a_frame_survives_its_bytes() -> None:
    sent = frame(rows=(row(), row(BAD, 101, (1,)), row(OK, 102, (70_000, 1)), row(OK, 103, (2**33,))))

    got = decode_frame(encode_frame(sent))

    assert (got.worker, got.seq, got.cut_at, got.gauges) == ("w1", 1, 101.5, {"users": 3.0})
    assert (got.rejected, got.folded, got.errors) == (1, 2, sent.errors)
    for expected, actual in zip(sent.rows, got.rows, strict=True):
        assert (expected.key, expected.second, expected.count) == (actual.key, actual.second, actual.count)
        assert_array_equal(expected.buckets, actual.buckets)
        assert_array_equal(expected.counts, actual.counts)


def test_names_in_every_script_survive() -> None:
    key = FrameKey("GET", "/äöü/日本\0\udc80<script>", "x")

    assert decode_frame(encode_frame(frame(rows=(row(key),)))).rows[0].key == key


@pytest.mark.parametrize("largest", [1, 255, 256, 70_000, 5_000_000_000])
def test_the_counts_of_each_row_take_the_fewest_bytes_that_hold_them(largest: int) -> None:
    keys = FrameKey("GET", "/a", ""), FrameKey("GET", "/b", "")
    rows = [
        FrameRow(keys[at % 2], at, sum(counts), 0.1, 0.1, 0.1, 9, np.arange(len(counts)), np.array(counts, dtype=int))
        for at, counts in enumerate(([1, 2], [], [largest, 3], [255]))
    ]

    data = encode_frame(frame(rows=tuple(rows)))

    assert [(each.key, each.second, each.counts.tolist()) for each in decode_frame(data).rows] == [
        (each.key, each.second, each.counts.tolist()) for each in rows
    ]
    widths = [len(each[-1]) / max(len(each[-2]) / 2, 1) for each in msgpack.unpackb(data)["r"]]
    assert widths == [1, 0, next(width for width in (1, 2, 4, 8) if largest < 1 << (8 * width)), 1]


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xc1", b"\x81\xa1v\x63"], ids=["empty", "zero", "reserved", "v99"])
def test_bytes_that_are_no_frame_are_refused(data: bytes) -> None:
    with pytest.raises(DamagedRunError):
        decode_frame(data)


def test_frames_add_up_whatever_their_order_and_doubles(store: RunStore) -> None:
    frames = (frame("w2", 1, (row(BAD, 100, (1,)),)), frame("w1", 2, (row(second=99),)), frame("w1", 1))
    info = stored(store, "a", frames)
    write_log(store.folder("a").frames_log, [encode_frame(each) for each in (*frames, frames[0])])

    recording = store.load("a")
    endpoint = recording.endpoints[EndpointKey("GET", "/items")]

    assert recording.requests == info.requests == 605
    assert endpoint.failures == 1
    assert_array_equal(endpoint.ok.seconds, [99, 100])
    assert_array_equal(endpoint.ok.counts, [302, 302])
    assert endpoint.ok.histogram().total == 604
    assert endpoint.ok.histogram(first=100).total == 302
    assert {(error.error_class, error.text, error.count) for error in endpoint.errors} == {("HTTP 500", "boom", 3)}
    assert [gauge.values.tolist() for gauge in recording.gauges if gauge.source == "w1"] == [[3.0, 3.0]]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_torn_log_is_read_up_to_the_last_good_frame(store: RunStore, cut: int) -> None:
    stored(store, "a", (frame(seq=1), frame(seq=2)), state=RunState.INTERRUPTED)
    log = store.folder("a").frames_log
    log.write_bytes(log.read_bytes()[:-cut])

    assert store.load("a").requests == 302
    assert scan(log).torn_bytes > 0


def test_a_flipped_bit_in_a_finished_run_is_damage_with_the_remedy(store: RunStore) -> None:
    stored(store, "a", (frame(seq=1), frame(seq=2)))
    log = store.folder("a").frames_log
    data = bytearray(log.read_bytes())
    data[-10] ^= 1
    log.write_bytes(bytes(data))

    with pytest.raises(DamagedRunError, match="holds 302 of 604 requests; restore"):
        store.load("a")


def test_the_facts_of_a_run_survive_the_disk(store: RunStore) -> None:
    info = stored(
        store,
        "a",
        verdict=Verdict.REGRESSED,
        validity=Validity.SUSPECT,
        validity_reasons=("one",),
        events=(RunEvent(1.0, "stop", "by hand"),),
        finish_steps=(FinishStep("render", ok=True),),
        labels={"commit": "ü"},
    )

    assert store.folder("a").read_info() == info


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"schema_version": 99}', '{"schema_version": "x"}', "null"])
def test_a_damaged_run_json_is_named_and_left_out_of_the_list(store: RunStore, text: str) -> None:
    stored(store, "good")
    stored(store, "bad")
    (store.root / "bad" / "run.json").write_text(text)

    with pytest.raises(DamagedRunError, match=r"run\.json"):
        store.folder("bad").read_info()
    assert [run.id for run in store.list()] == ["good"]


def test_an_unknown_run_names_the_ones_that_are_there(store: RunStore) -> None:
    stored(store, "good")

    with pytest.raises(RunNotFoundError, match="the newest are: good"):
        store.folder("nope")


@pytest.mark.parametrize("run_id", ["", "..", ".", "../x", "a/b", ".hidden", "a\0"])
def test_a_run_id_never_leaves_the_folder(store: RunStore, run_id: str) -> None:
    with pytest.raises(RunNotFoundError):
        store.folder(run_id)


def test_a_run_id_is_used_once(store: RunStore) -> None:
    stored(store, "a")

    with pytest.raises(RunStoreError, match="already"):
        store.create(RunInfo("a", "s", "t"))


def test_runs_are_listed_newest_first_and_strangers_ignored(store: RunStore) -> None:
    stored(store, "old", started=1.0)
    stored(store, "new", started=2.0)
    (store.root / "not-a-run").mkdir()
    (store.root / "file").write_text("x")

    assert [run.id for run in store.list()] == ["new", "old"]


def test_a_baseline_is_promoted_shown_and_cleared(store: RunStore) -> None:
    info = stored(store, "a")
    assert store.choose_baseline(None, "checkout") is None

    store.promote(info, "ada")
    promotion = store.promoted("checkout")

    assert promotion is not None
    assert (promotion.run_id, promotion.by) == ("a", "ada")
    assert store.choose_baseline(None, "checkout") == info
    assert store.choose_baseline(None, "checkout", excluding="a") is None
    assert store.clear("checkout")
    assert not store.clear("checkout")


@pytest.mark.parametrize(
    "facts", [{"state": RunState.INTERRUPTED}, {"validity": Validity.SUSPECT}, {"requests": 0}], ids=str
)
def test_a_run_that_proves_little_is_no_baseline_without_force(store: RunStore, facts: dict[str, object]) -> None:
    info = stored(store, "a", (frame(),), **facts)

    with pytest.raises(BaselineError, match="promote"):
        store.promote(info, "ada")
    assert store.promote(info, "ada", force=True).run_id == "a"


def test_latest_is_the_newest_valid_run_that_is_not_regressed(store: RunStore) -> None:
    stored(store, "a", started=1.0)
    stored(store, "b", started=2.0, verdict=Verdict.REGRESSED)
    stored(store, "c", started=3.0, validity=Validity.INVALID)
    stored(store, "d", started=4.0, scenario="other")
    stored(store, "e", started=5.0)

    chosen = store.choose_baseline("latest", "checkout", excluding="e")

    assert chosen is not None
    assert chosen.id == "a"
    assert store.choose_baseline("none", "checkout") is None
    with pytest.raises(BaselineError, match="no finished VALID run"):
        store.choose_baseline("latest", "unknown")
    with pytest.raises(BaselineError, match="there is no run zzz"):
        store.choose_baseline("zzz", "checkout")


def test_a_damaged_promotion_says_how_to_promote_again(store: RunStore) -> None:
    stored(store, "a")
    store.promote(store.folder("a").read_info(), "ada")
    next((store.root / "baselines").iterdir()).write_text("{")

    with pytest.raises(BaselineError, match="baseline set RUN"):
        store.promoted("checkout")


def test_a_scenario_name_cannot_leave_the_baselines_folder(store: RunStore) -> None:
    info = stored(store, "a", scenario="../../evil")

    store.promote(info, "ada")

    assert len(list((store.root / "baselines").iterdir())) == 1


def test_a_folder_that_cannot_be_written_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RunStoreError, match="PERF_RUNS_DIR"):
        RunStore(tmp_path / "file" / "runs").create(RunInfo(new_run_id(), "s", "t"))


def test_run_ids_sort_by_time() -> None:
    assert new_run_id(0.0) < new_run_id(1.0) < new_run_id(1e9)


def test_a_document_of_a_newer_minor_version_is_read(store: RunStore) -> None:
    info = stored(store, "a")
    path = store.root / "a" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"unheard_of": 1}))

    assert store.folder("a").read_info() == info


def test_latest_is_the_newest_run_that_is_over(store: RunStore) -> None:
    with pytest.raises(RunNotFoundError, match="is over"):
        store.folder("latest")
    for at, state in enumerate((RunState.FINISHED, RunState.INTERRUPTED, RunState.RUNNING)):
        store.create(RunInfo(f"run-{at}", "shop", "t", state=state, started=100.0 + at))

    assert store.folder("latest").id == "run-1"
