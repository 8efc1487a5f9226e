"""Thresholds: what their sentences mean, and when a run breaks them."""

from dataclasses import replace

import numpy as np
import pytest

from perf_core.compare import compare_runs
from perf_core.compare.document import from_document, to_document
from perf_core.compare.exit_code import exit_code
from perf_core.compare.threshold import parse_threshold, parse_thresholds
from perf_core.compare.thresholds import BROKEN_EVENT, judge_thresholds
from perf_core.errors import UsageError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import FloatArray, bucket_indexes
from perf_core.model.plan import GUARD
from perf_core.model.run import RunEvent, RunInfo
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording
from perf_core.report.junit import render_junit
from perf_core.report.summary import render_summary
from perf_core.report.text import render_text

START = 1000
PER_SECOND = 20


def outcome(latencies: dict[int, FloatArray]) -> OutcomeSeries:
    seconds = sorted(second for second, each in latencies.items() if len(each))
    if not seconds:
        return OutcomeSeries.empty()
    cells = [np.unique(bucket_indexes(latencies[second]), return_counts=True) for second in seconds]
    return OutcomeSeries(
        np.array(seconds),
        np.array([len(latencies[second]) for second in seconds]),
        *(np.array([f(latencies[second]) for second in seconds]) for f in (np.sum, np.min, np.max)),
        np.zeros(len(seconds), dtype=np.int64),
        np.repeat(seconds, [len(buckets) for buckets, _ in cells]),
        np.concatenate([buckets for buckets, _ in cells]),
        np.concatenate([counts for _, counts in cells]),
    )


def run(
    seconds: int = 60,
    slow: tuple[int, int] = (0, 0),
    failing: tuple[int, int] = (0, 0),
    scale: float = 1.0,
    ramp_up: float = 0.0,
) -> Recording:
    """A run of 20 requests a second to GET /items that take 1 to 20 times 10 ms, `scale` times; ten times that when
    slow; half of them fail when failing. POST /pay has one request of 5 ms a second."""
    usual = 0.01 * scale * np.arange(1, PER_SECOND + 1)
    ok, failed, pay = {}, {}, {}
    for at in range(seconds):
        latencies = usual * (10 if slow[0] <= at < slow[1] else 1)
        broken = PER_SECOND // 2 if failing[0] <= at < failing[1] else 0
        ok[START + at], failed[START + at] = latencies[broken:], latencies[:broken]
        pay[START + at] = np.array([0.005])
    keys = EndpointKey("GET", "/items"), EndpointKey("POST", "/pay")
    endpoints = {
        keys[0]: EndpointSeries(keys[0], outcome(ok), outcome(failed)),
        keys[1]: EndpointSeries(keys[1], outcome(pay), OutcomeSeries.empty()),
    }
    info = RunInfo("r", "s", "", started=float(START), ended=float(START + seconds), ramp_up=ramp_up)
    return Recording(info, endpoints)


def broken(text: str, current: Recording, baseline: Recording | None = None, trimmed: float = 0.0) -> tuple[str, ...]:
    return judge_thresholds([parse_threshold("thresholds.t", text)], current, baseline, trimmed).broken


@pytest.mark.parametrize(
    ("kept", "exceeded"),
    [
        ('p50 of "GET /items" < 101ms', 'p50 of "GET /items" < 99ms'),
        ("p99 of GET /items < 0.3s", "p99 of GET /items < 0.15s"),
        ("p99.9 of '/items' <= 0.21s", "p99.9 of '/items' <= 0.19s"),
        ('mean of "GET /items" < 106ms', 'mean of "GET /items" < 104ms'),
        ('mean of "POST /pay" < 6ms', 'mean of "POST /pay" < 4900us'),
        ("mean < 101ms", "mean < 99ms"),
        ("rate > 20.9/s", "rate > 21.1/s"),
        ("rate of POST /pay >= 1/s", "rate of POST /pay > 1"),
        ("rate of POST /pay < 2/s", "rate of POST /pay < 1/s"),
        ("error rate < 25%", "error rate < 20%"),
        ("error_rate of GET /items <= 25%", "error_rate of GET /items < 25%"),
        ('p95 of "*" < 0.3s', 'p95 of "*" < 0.1s'),
    ],
)
def test_an_absolute_threshold_is_held_against_the_run(kept: str, exceeded: str) -> None:
    current = run() if "error" not in kept else run(failing=(0, 30))

    assert broken(kept, current) == ()
    assert len(broken(exceeded, current)) == 1


@pytest.mark.parametrize(
    ("kept", "exceeded"),
    [
        ("p95 of GET /items < baseline + 11%", "p95 of GET /items < baseline + 9%"),
        ("p95 of GET /items < baseline * 1.11", "p95 of GET /items < baseline * 1.09"),
        ("p50 of GET /items < baseline + 11ms", "p50 of GET /items < baseline + 9ms"),
        ("mean of POST /pay <= baseline", "mean of GET /items <= baseline"),
        ("rate >= baseline", "rate > baseline + 1/s"),
        ("rate > baseline - 1%", "rate < baseline - 1%"),
    ],
)
def test_a_relative_threshold_is_held_against_the_baseline(kept: str, exceeded: str) -> None:
    current, baseline = run(scale=1.1), run()

    assert broken(kept, current, baseline) == ()
    (sentence,) = broken(exceeded, current, baseline)
    assert "(baseline " in sentence


def test_an_error_rate_is_relative_in_percent_or_in_points() -> None:
    current, baseline = run(failing=(0, 30)), run(failing=(0, 24))  # 23.8 % and 19.0 %

    assert broken("error rate < baseline + 30%", current, baseline) == ()
    assert broken("error rate < baseline + 20%", current, baseline)
    assert broken("error rate < baseline + 5pp", current, baseline) == ()
    assert broken("error rate < baseline + 4pp", current, baseline)


def test_without_a_baseline_a_relative_threshold_is_not_judged_and_says_so() -> None:
    judged = judge_thresholds([parse_threshold("thresholds.t", "p95 < baseline + 10%")], run(), None, 0.0)

    assert judged.broken == ()
    assert judged.not_judged == ("thresholds.t (p95 < baseline + 10%) was not judged: there is no baseline",)


@pytest.mark.parametrize(
    ("text", "breaks"),
    [
        ("p50 of GET /items < 300ms for 10s", True),
        ("p50 of GET /items < 300ms for 30s", False),
        ("p50 of GET /items < 300ms", False),
        ("p50 of GET /items < 300ms for 61s", False),
    ],
)
def test_a_threshold_for_some_seconds_is_held_against_every_stretch(text: str, breaks: bool) -> None:
    sentences = broken(text, run(slow=(20, 32)))

    assert bool(sentences) is breaks
    assert all(" from second 1" in each for each in sentences)


def test_the_default_guard_needs_90_percent_errors_for_60_seconds() -> None:
    (guard,) = parse_thresholds(GUARD)

    assert (guard.key, guard.abort, guard.window) == ("thresholds.guard", True, 60.0)
    assert guard.holds(0.899, guard.limit.offset)
    assert not guard.holds(0.9, guard.limit.offset)


def test_the_ramp_up_is_left_out_but_not_for_errors() -> None:
    current = run(slow=(0, 10), failing=(0, 10), ramp_up=10.0)

    assert broken("p50 of GET /items < 300ms", current, trimmed=10.0) == ()
    assert broken("p50 of GET /items < 300ms for 5s", current) == ()
    assert broken("p50 of GET /items < 300ms", replace(current, info=replace(current.info, ramp_up=0.0))) == ()
    assert broken("error rate < 40% for 5s", current)


def test_an_endpoint_without_a_request_is_no_pass() -> None:
    (sentence,) = broken("p95 of GET /gone < 1s", run())

    assert sentence.startswith("thresholds.t: GET /gone has no request")
    assert broken("error rate of GET /gone < 1% for 5s", run())


def test_an_endpoint_that_answered_nothing_keeps_no_latency() -> None:
    current = run()
    key = EndpointKey("GET", "/items")
    current.endpoints[key] = EndpointSeries(key, OutcomeSeries.empty(), current.endpoints[key].ok)

    (sentence,) = broken('p95 of "GET /items" < 300ms', current)
    assert sentence == (
        "thresholds.t: GET /items has no answered request, so 'p95 of \"GET /items\" < 300ms' cannot hold"
    )
    assert broken('mean of "GET /items" < 300ms for 5s', current)
    assert len(broken('p95 of "*" < 300ms', current)) == 1
    assert broken('rate of "GET /items" > 1/s', current) == ()


@pytest.mark.parametrize("where", ["", ' of "GET /items"', ' of "*"'])
@pytest.mark.parametrize("window", ["", " for 10s"])
@pytest.mark.parametrize("answered_until", [0, 8])
def test_a_service_that_stops_answering_keeps_no_latency(where: str, window: str, answered_until: int) -> None:
    current = run(ramp_up=10.0)
    key = EndpointKey("GET", "/items")
    good = {START + at: np.full(20, 0.05) for at in range(answered_until)}
    bad = {START + at: np.full(20, 0.05) for at in range(answered_until, 60)}
    current.endpoints.clear()
    current.endpoints[key] = EndpointSeries(key, outcome(good) if good else OutcomeSeries.empty(), outcome(bad))

    judged = judge_thresholds([parse_threshold("thresholds.t", f"p95{where} < 300ms{window}")], current, None, 10.0)

    assert len(judged.broken) == 1
    assert "has no answered request" in judged.broken[0]
    assert judged.not_judged == ()


def test_a_stretch_without_an_answer_keeps_no_latency_unless_it_is_a_request_or_two() -> None:
    key = EndpointKey("GET", "/items")
    for each, breaks in ((20, True), (1, False)):
        current = run()
        good = {START + at: np.full(each, 0.05) for at in range(30)}
        current.endpoints.clear()
        current.endpoints[key] = EndpointSeries(
            key, outcome(good), outcome({START + at: np.full(each, 0.05) for at in range(30, 38)})
        )

        told = broken('p95 of "GET /items" < 300ms for 5s', current)

        assert bool(told) is breaks
        assert not told or "has no answered request from second 30 to 35" in told[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("p95 < 1ms for 51s", "the part of the run it is held against has 50 s, less than 51 s"),
        ("error rate < 0% for 61s", "the part of the run it is held against has 60 s, less than 61 s"),
        ("p95 of /login < 1ms", "/login has no request in the compared part of the run"),
        ('error rate of "POST /login" < 0%', "POST /login has no request in the compared part of the run"),
    ],
)
def test_what_a_run_has_no_seconds_for_is_told(text: str, why: str) -> None:
    current = run(ramp_up=10.0)
    key = EndpointKey("POST", "/login")
    current.endpoints[key] = EndpointSeries(key, outcome({START + 3: np.array([0.2])}), OutcomeSeries.empty())

    judged = judge_thresholds([parse_threshold("thresholds.t", text)], current, None, 10.0)

    assert judged.broken == ()
    assert judged.not_judged == (f"thresholds.t ({text}) was not judged: {why}",)
    assert judge_thresholds(parse_thresholds(GUARD), run(seconds=20), None, 0.0).not_judged == ()


def test_a_master_that_stopped_the_run_is_believed() -> None:
    current = run()
    text = "thresholds.t: error rate of all requests was 99 %"
    current = replace(current, info=replace(current.info, events=(RunEvent(1.0, BROKEN_EVENT, text),)))

    assert broken("error rate < 90% for 5s", current) == (text,)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "write it like p95 of"),
        ("p95", "write it like p95 of"),
        ("latency < 3ms", "write it like p95 of"),
        ("p95 == 3ms", "write it like p95 of"),
        ("p95 of < 3ms", "write it like p95 of"),
        ("p95 < 300", "written like 300ms"),
        ("p95 < 300%", "written like 300ms"),
        ("p95 < -3ms", "written like 300ms"),
        ("error rate < 5", "written like 1%"),
        ("error rate < 5ms", "written like 1%"),
        ("rate > 5ms", "written like 50/s"),
        ("p95 < baseline * 10%", "or baseline + 10%"),
        ("p95 < baseline 10%", "or baseline + 10%"),
        ("p95 < baseline + 1pp", "or baseline + 10%"),
        ("p100 < 1s", "write it like p99.9"),
        ("p0 < 1s", "write it like p99.9"),
        ("p95 < 1s for ever", "write it like 90s"),
        ("p95 < 1s for 0.5s", "whole seconds"),
    ],
)
def test_what_is_no_threshold_names_its_key_and_the_remedy(text: str, remedy: str) -> None:
    with pytest.raises(UsageError, match=r"^thresholds\.checkout is ") as raised:
        parse_threshold("thresholds.checkout", text)

    assert remedy in str(raised.value)


def test_a_threshold_that_is_off_is_none() -> None:
    assert parse_thresholds({"thresholds.guard": "off"}) == ()


def test_a_broken_threshold_is_shown_at_every_door_and_ends_with_3() -> None:
    current = run()
    current = replace(
        current, info=replace(current.info, thresholds={"thresholds.items": 'p95 of "GET /items" < 100ms'})
    )

    comparison = compare_runs(current, run(), thresholds={"thresholds.more": "rate > 1000/s"})

    assert comparison.broken_thresholds == (
        "thresholds.items: p95 of GET /items was 190 ms, must be < 100 ms",
        "thresholds.more: rate of all requests was 21.0/s, must be > 1000.0/s",
    )
    assert exit_code(current.info, comparison) == 3
    assert from_document(to_document(comparison)) == comparison
    assert "threshold broken: thresholds.items: p95 of GET /items" in render_text(comparison)
    assert "threshold broken: thresholds.items" in render_summary(comparison)
    assert '2 threshold(s) broken" type=' in render_junit(comparison)
    assert compare_runs(run(), run()).broken_thresholds == ()
