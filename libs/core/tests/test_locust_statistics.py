"""The statistics of a plain Locust run against what is found in the run of low resolution they become."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from perf_core.adapters.imported import BAD_ROWS, Imported
from perf_core.adapters.plain_locust import steps_of
from perf_core.adapters.result_import import import_results
from perf_core.compare import compare_runs
from perf_core.compare.comparison import RunComparison
from perf_core.compare.document import from_document, to_document
from perf_core.compare.exit_code import exit_code
from perf_core.errors import BaselineError, ResultsError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.series import Recording
from perf_core.model.verdict import Reason, Validity, Verdict
from perf_core.report import write_reports
from perf_core.report.html import render_mail_body, render_trends
from perf_core.report.text import render_text
from perf_core.report.trends.history import scenario_history
from perf_core.runstore import RunStore
from perf_core.runstore.pack import pack, unpack

T = 1_790_000_000
QUANTILES = "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
STATS = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
    f"Max Response Time,Average Content Size,Requests/s,Failures/s,{QUANTILES}\n"
)
HISTORY = (
    f"Timestamp,User Count,Type,Name,Requests/s,Failures/s,{QUANTILES},Total Request Count,Total Failure Count,"
    "Total Median Response Time,Total Average Response Time,Total Min Response Time,Total Max Response Time,"
    "Total Average Content Size\n"
)
A = "GET,/a,1000,10,20,25.5,1.25,212.7,100,50,0.5,20,25,30,33,45,60,90,120,200,210,210\n"
B = 'POST,"/b, <b>",200,200,5,5,1,9,0,10,10,5,5,6,6,7,8,9,9,9,9,9\n'
SUM = ",Aggregated,1200,210,20,22,1,212.7,80,60,10,20,25,30,33,45,60,90,120,200,210,210\n"
Import = Callable[..., tuple[Imported, Recording]]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def imported(store: RunStore, tmp_path: Path) -> Import:
    def call(text: str | bytes, name: str = "plain_stats.csv") -> tuple[Imported, Recording]:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.utime(path, (T + 500, T + 500))
        made = import_results(path, store, "shop")
        return made, store.load(made.info.id)

    return call


def row(at: int, key: str, requests: int, quantiles: str, users: int = 3) -> str:
    return f"{T + at},{users},{key},0,0,{quantiles},{requests},0,5,8,2,90,10\n"


def same(value: int) -> str:
    return ",".join([str(value)] * 11)


def test_the_statistics_of_a_run_become_its_figures(imported: Import) -> None:
    made, run = imported(STATS + A + B + SUM)

    assert (made.tally.requests, made.tally.failures, run.info.validity) == (1200, 210, Validity.VALID)
    assert (run.info.started, run.info.ended) == (T + 480.0, T + 500.0)
    assert "its time is that of the file" in run.info.low_resolution
    comparison = compare_runs(run, None)
    assert (comparison.verdict, comparison.reasons) == (None, (Reason.LOW_RESOLUTION,))
    by_name = {str(each.key): each for each in comparison.endpoints}
    figures = by_name["GET /a"].current
    assert figures is not None
    assert (figures.requests, figures.failures, figures.rate) == (1000, 10, 50.0)
    assert (figures.p50, figures.p95, figures.p99) == (0.02, 0.06, 0.12)
    assert (round(figures.mean, 6), figures.maximum) == (0.0255, 0.2127)
    assert run.endpoints[EndpointKey("GET", "/a")].ok.bytes.sum() == 100_000
    gone = by_name["POST /b, <b>"].current
    assert gone is not None
    assert (gone.failures, gone.p95 == gone.p95) == (200, False), "latencies of an endpoint that only failed"


def test_every_percentile_of_locust_is_found_again() -> None:
    draw = np.random.default_rng(5)
    for total in (1, 2, 3, 7, 19, 20, 99, 100, 101, 1000, 12_345):
        latencies = np.sort(draw.lognormal(-3, 0.5, total)).round(3)
        at = {q: min(int(q * total), total - 1) for q in (0.5, 0.66, 0.95, 0.99, 0.999, 1.0)}

        steps = steps_of([(q, float(latencies[index])) for q, index in at.items()], total)

        again = [latency for latency, count in steps for _ in range(count)]
        assert len(again) == total
        assert all(again[index] == latencies[index] for index in at.values())
        assert all(each >= real for each, real in zip(again, latencies, strict=True))


def test_the_history_beside_it_tells_when_it_was_and_the_failures_what_went_wrong(
    imported: Import, tmp_path: Path
) -> None:
    points = [row(0, ",Aggregated", 0, "N/A," * 10 + "N/A"), row(10, ",Aggregated", 300, same(20), users=7)]
    (tmp_path / "plain_stats_history.csv").write_text(HISTORY + "".join(points))
    (tmp_path / "plain_failures.csv").write_text(
        "Method,Name,Error,Occurrences,First Seen,Last Seen\nGET,/a,\"HTTPError('500 <i>')\",10,,\nGET,/a,x,many,,\n"
    )

    _, run = imported(STATS + A + B + SUM)

    assert (run.info.started, run.info.ended, run.info.users) == (T, T + 10.0, 7)
    assert "its time" not in run.info.low_resolution
    assert [gauge.name for gauge in run.gauges] == ["users"]
    errors = run.endpoints[EndpointKey("GET", "/a")].errors
    assert [(each.text, each.count) for each in errors] == [("HTTPError('500 <i>')", 10)]


def test_a_history_alone_has_its_seconds_and_puts_its_percentiles_together(imported: Import) -> None:
    rows = [
        row(0, "GET,/a", 0, "N/A," * 10 + "N/A"),
        row(1, "GET,/a", 50, same(0)),
        row(2, "GET,/a", 100, same(10)),
        row(3, "GET,/a", 400, same(30)),
    ]
    total = [line.replace("GET,/a", ",Aggregated") for line in rows]

    _, run = imported(HISTORY + "".join(rows + total), "x_stats_history.csv")

    series = run.endpoints[EndpointKey("GET", "/a")].ok
    assert list(run.endpoints) == [EndpointKey("GET", "/a")]
    assert dict(zip(series.seconds.tolist(), series.counts.tolist(), strict=True)) == {T: 50, T + 1: 50, T + 2: 300}
    histogram = series.histogram()
    assert (round(histogram.quantile(0.2), 3), round(histogram.quantile(0.9), 3)) == (0.01, 0.03)
    assert (run.info.started, run.info.ended) == (T, T + 3)


def test_a_history_of_all_endpoints_together_says_so(imported: Import) -> None:
    _, run = imported(HISTORY + row(0, ",Aggregated", 5, same(9)) + row(9, ",Aggregated", 90, same(10)), "h.csv")

    assert "all endpoints are one" in run.info.low_resolution
    (endpoint,) = compare_runs(run, None).endpoints
    assert endpoint.current is not None
    assert (endpoint.current.requests, endpoint.current.p95) == (90, 0.01)


def test_after_a_reset_of_locusts_statistics_only_the_rest_counts(imported: Import) -> None:
    counts = [(0, 0), (5, 500), (6, 20), (9, 80)]

    _, run = imported(HISTORY + "".join(row(at, ",Aggregated", n, same(4)) for at, n in counts), "h.csv")

    assert (run.requests, run.info.started) == (80, T + 5.0)


def entry(**changes: object) -> dict[str, object]:
    times = {"4": 50, "9": 40, "120": 10}
    seconds = {str(T + at): 10 for at in range(10)}
    return {
        "name": "/a", "method": "GET", "start_time": T + 0.4, "last_request_timestamp": T + 9.9, "num_requests": 100,
        "num_none_requests": 0, "num_failures": 4, "total_response_time": 1760.0, "max_response_time": 121.2,
        "min_response_time": 3.6, "total_content_length": 400, "response_times": times,
        "num_reqs_per_sec": seconds, "num_fail_per_sec": {str(T): 4}, **changes,
    }  # fmt: skip


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_json_has_the_seconds_and_a_histogram(imported: Import, packed: bool) -> None:
    text = json.dumps([entry()]).encode()

    made, run = imported(gzip.compress(text) if packed else text, "plain.json")

    series = run.endpoints[EndpointKey("GET", "/a")]
    assert (made.format, run.requests, run.failures) == ("locust-json", 100, 4)
    assert (series.ok.seconds.size, int(series.ok.histogram().total)) == (10, 100)
    (endpoint,) = compare_runs(run, None).endpoints
    assert endpoint.current is not None
    assert (endpoint.current.p50, endpoint.current.p95, endpoint.current.mean) == (0.004, 0.12, 0.0176)


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        (STATS + A.replace(",1000,", ",many,"), "s.csv", "many"),
        (STATS + A.replace(",1000,10,", ",10,1000,"), "s.csv", "1000 failures of 10 requests"),
        (STATS + A.replace(",25.5,", ",nan,"), "s.csv", "Average Response Time 'nan'"),
        (STATS + A.replace(",60,", ",-60,"), "s.csv", "negative"),
        (STATS + A.replace(",1000,", f",{10**400},"), "s.csv", "infinity"),
        (STATS + "GET,/a\n", "s.csv", "2 columns"),
        (HISTORY + row(10**10, ",Aggregated", 5, same(1)), "h.csv", "no time in Unix seconds"),
        (json.dumps([entry(num_requests=-1)]), "j.json", ""),
        (json.dumps([entry(start_time=None)]), "j.json", ""),
        (json.dumps([{"num_requests": 3}, "x", None]), "j.json", "no usable request"),
        (json.dumps([entry(max_response_time=float("nan"))]), "j.json", ""),
        (json.dumps([entry(response_times={"4": -1})]), "j.json", ""),
        (json.dumps([entry(num_reqs_per_sec=[1])]), "j.json", ""),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_nonsense_is_told_and_leaves_no_run(
    imported: Import, store: RunStore, text: str, name: str, reason: str
) -> None:
    with pytest.raises(ResultsError, match="no usable request") as raised:
        imported(text, name)

    assert reason in str(raised.value)
    assert not list(store.root.glob("*"))


def test_a_bad_row_is_left_out_and_told(imported: Import, store: RunStore) -> None:
    made, run = imported(STATS + A + B.replace(",200,200,", ",200,-1,"))

    assert (run.requests, made.tally.bad_rows, run.info.validity) == (1000, 1, Validity.SUSPECT)
    assert (store.folder(made.info.id).path / BAD_ROWS).read_text().startswith("line 3: Failure Count '-1'")


@pytest.fixture
def judged(imported: Import, make_recording: Callable[..., Recording]) -> tuple[RunComparison, Recording, Recording]:
    _, coarse = imported(STATS + A + B + SUM)
    fine = make_recording(names=("/a", "/c"), scenario="shop", thresholds={"limit": "p95 < 1ms for 5s"})
    return (
        compare_runs(coarse, fine, thresholds={"mine": 'p95 of "GET /a" < 50ms', "part": "rate > 1/s for 5s"}),
        (coarse),
        fine,
    )


def test_it_is_compared_within_honest_limits(judged: tuple[RunComparison, Recording, Recording]) -> None:
    comparison, coarse, fine = judged

    assert (comparison.verdict, comparison.reasons) == (Verdict.INCONCLUSIVE, (Reason.LOW_RESOLUTION,))
    assert "no test can tell a change from chance" in comparison.explanation
    assert not any(each.ks or each.shifts or each.a12 for each in comparison.endpoints)
    (broken,) = comparison.broken_thresholds
    assert "p95 of GET /a was 60.0 ms, must be < 50.0 ms" in broken
    assert any("part (rate > 1/s for 5s) was not judged" in text for text in comparison.warnings)
    assert exit_code(coarse.info, comparison) == 3
    turned = compare_runs(fine, coarse)
    assert (turned.verdict, turned.reasons) == (Verdict.INCONCLUSIVE, (Reason.LOW_RESOLUTION,))
    document = json.loads(json.dumps(to_document(comparison)))
    assert to_document(from_document(document)) == document


def test_every_door_says_low_resolution(judged: tuple[RunComparison, Recording, Recording], store: RunStore) -> None:
    comparison, coarse, fine = judged
    folder = store.folder(coarse.info.id).path

    for baseline in (fine, None):
        told = comparison if baseline else compare_runs(coarse, None)
        write_reports(folder, told, coarse, baseline)
        files = [folder / name for name in ("report.html", "summary.md", "junit.xml", "comparison.json")]
        for text in (*(file.read_text() for file in files), render_text(told), render_mail_body(told)):
            assert "low resolution" in text
        report = files[0].read_text()
        assert "Share of requests answered within" not in report
        assert "Latency over the run" not in report
    assert "(1 of low resolution)" in render_trends([scenario_history(store, "shop")])


def test_it_is_no_baseline_by_chance_and_travels_as_what_it_is(imported: Import, store: RunStore) -> None:
    made, run = imported(STATS + A)

    with pytest.raises(BaselineError, match="low resolution"):
        store.promote(made.info, "me")
    with pytest.raises(BaselineError, match="no finished VALID run"):
        store.choose_baseline("latest", "shop")
    assert store.promote(made.info, "me", force=True).run_id == made.info.id
    unpacked = unpack(pack(run.info, store.folder(run.info.id).frames()))
    assert unpacked.info.low_resolution == run.info.low_resolution
