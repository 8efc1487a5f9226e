"""The proof: a real Prometheus scrapes the real service and exporter during a real run, and is asked everything.

One stack and one run serve all tests here; they are asked while the run is on, and the figures after it ended.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from local_stack import LINES, LocalStack, local_stack, wait_until
from panels import RULES, annotation_queries, queries, variable_selectors
from prometheus_api import PrometheusApi, QueryError

from perf_core.model.histogram import Histogram
from perf_core.model.run import RunInfo
from perf_core.model.series import Recording
from perf_core.model.snapshot import BOUNDS
from perf_core.model.verdict import RunState
from perf_core.runstore import RunStore

USERS = 6
LEAST_WITH_DATA = 0.8
WARM = f"count_over_time((locust_users == {USERS})[1m:5s]) >= 5"
LOOK_BACK = 60.0
"""Seconds of a range query, in steps of 5 s."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen while the run was on, and the run after it ended."""

    prometheus: PrometheusApi
    empty: list[str]
    refused: list[str]
    asked: int
    rules: dict[str, str]
    targets: list[dict[str, object]]
    users: float
    recording: Recording
    printed: str


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory, prometheus_programs: Path) -> Iterator[Observed]:
    with local_stack(tmp_path_factory.mktemp("stack"), prometheus_programs) as stack:
        prometheus = PrometheusApi(stack.prometheus)
        stack.start_run(USERS)
        prometheus.wait_for("namespace_job_run_id:locust_request_duration_seconds:p95_rate1m", 120)
        wait_until(lambda: prometheus.now(WARM) != [], "all users were seen in five scrapes")
        asked = [each for each in queries() if not each.elsewhere]
        empty, refused = _ask(prometheus)
        rules = _rule_health(prometheus)
        targets = prometheus.get("targets", state="active")["activeTargets"]
        users = prometheus.one("locust_users")
        stack.stop_run()
        recording = _finished(stack)
        wait_until(lambda: _caught_up(prometheus, recording), "Prometheus has the run's last figures")
        told = (stack.folder / "runs" / recording.info.id / "report.html").read_text()
        assert "The target during the run" in told, "the master was not told of the Prometheus beside it"
        yield Observed(prometheus, empty, refused, len(asked), rules, targets, users, recording, stack.printed)


def test_up_prints_each_address_once_and_names_locust_in_the_first(observed: Observed) -> None:
    lines = observed.printed.splitlines()

    assert [line.partition("  ")[0] for line in lines if "  http" in line] == list(LINES)
    assert [line for line in lines if "locust" in line.lower()] == lines[:1]


def test_up_scrapes_service_and_exporter_only_every_5_seconds(observed: Observed) -> None:
    jobs = {target["labels"]["job"]: target for target in observed.targets}

    assert set(jobs) == {"api", "exporter"}
    assert len(observed.targets) == 2
    assert {target["health"] for target in observed.targets} == {"up"}
    assert {target["scrapeInterval"] for target in observed.targets} == {"5s"}


def test_every_query_of_every_panel_annotation_and_variable_is_answered(observed: Observed) -> None:
    assert observed.refused == []


def test_panels_have_data_while_a_run_is_on(observed: Observed) -> None:
    share = 1 - len(observed.empty) / observed.asked

    assert observed.asked > 80
    assert share >= LEAST_WITH_DATA, f"{share:.2f}; without data: {observed.empty}"


def test_every_rule_is_loaded_and_evaluates(observed: Observed) -> None:
    written = [rule.get("record") or rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"]
               for rule in group["rules"]]  # fmt: skip

    assert sorted(observed.rules) == sorted(written)
    assert set(observed.rules.values()) == {"ok"}


def test_counters_in_prometheus_are_the_run_folders(observed: Observed) -> None:
    prometheus, recording = observed.prometheus, observed.recording
    told = {
        (labels["method"], labels["name"]): value
        for labels, value in prometheus.now("sum by (method, name) (locust_requests_total)")
    }

    assert told == {(key.method, key.name): series.requests for key, series in recording.endpoints.items()}
    assert prometheus.one("sum(locust_request_failures_total)") == recording.failures
    assert prometheus.one("locust_capture_requests_total") == recording.requests
    assert prometheus.one("locust_capture_lost_requests_total") == 0
    assert observed.users == USERS
    assert prometheus.one("locust_run_info") == 1
    assert [labels["run_id"] for labels, _ in prometheus.now("locust_run_info")] == [recording.info.id]


def test_sums_of_durations_and_bytes_are_the_run_folders(observed: Observed) -> None:
    prometheus, recording = observed.prometheus, observed.recording
    outcomes = [outcome for series in recording.endpoints.values() for outcome in (series.ok, series.failed)]

    seconds = prometheus.one("sum(locust_request_duration_seconds_sum)")
    received = prometheus.one("sum(locust_response_bytes_total)")

    assert seconds == pytest.approx(sum(float(outcome.sums.sum()) for outcome in outcomes), rel=1e-6)
    assert received == sum(int(outcome.bytes.sum()) for outcome in outcomes)


def test_buckets_in_prometheus_are_exact(observed: Observed) -> None:
    told = {labels["le"]: value for labels, value in
            observed.prometheus.now("sum by (le) (locust_request_duration_seconds_bucket)")}  # fmt: skip
    whole = _histogram(observed.recording)

    assert told["+Inf"] == whole.total
    assert [told[_edge(told, bound)] for bound in BOUNDS] == [_below(whole, bound) for bound in BOUNDS]


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_a_quantile_in_prometheus_agrees_with_the_run_folder_within_a_bucket(observed: Observed, q: float) -> None:
    told = observed.prometheus.one(f"histogram_quantile({q}, sum by (le) (locust_request_duration_seconds_bucket))")
    recorded = _histogram(observed.recording).quantile(q)

    assert abs(bisect_left(BOUNDS, told) - bisect_left(BOUNDS, recorded)) <= 1, (told, recorded)


def test_the_service_counted_the_requests_that_locust_made(observed: Observed) -> None:
    """Locust saw every answer; the service may also have been asked by its own health check."""
    served = observed.prometheus.one('sum(http_server_request_duration_seconds_count{route=~"/v1/.*"})')

    assert served == observed.recording.requests


def _ask(prometheus: PrometheusApi) -> tuple[list[str], list[str]]:
    """Ask everything; return what had no data and what was refused."""
    empty, refused = [], []
    for each in [*queries(), *annotation_queries()]:
        name = f"{each.dashboard}: {each.panel}: {each.filled}"
        try:
            found = prometheus.now(each.filled) if each.instant else prometheus.over_time(each.filled, LOOK_BACK)
        except QueryError as cause:
            refused.append(f"{name}: {cause}")
            continue
        if not found and not each.elsewhere and each in queries():
            empty.append(name)
    for selector in variable_selectors():
        try:
            prometheus.get("series", **{"match[]": selector, "start": time.time() - LOOK_BACK})
        except QueryError as cause:
            refused.append(f"{selector}: {cause}")
    return empty, refused


def _rule_health(prometheus: PrometheusApi) -> dict[str, str]:
    groups = prometheus.get("rules")["groups"]
    return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}


def _finished(stack: LocalStack) -> Recording:
    store = RunStore(stack.folder / "runs")

    def run() -> RunInfo | None:
        return next(iter(store.list()), None)

    wait_until(lambda: (info := run()) is not None and info.state is RunState.FINISHED, "the run is finished", 120)
    info = run()
    assert info is not None
    return store.load(info.id)


def _caught_up(prometheus: PrometheusApi, recording: Recording) -> bool:
    return [value for _, value in prometheus.now("sum(locust_requests_total)")] == [recording.requests] and [
        value for _, value in prometheus.now('sum(http_server_request_duration_seconds_count{route=~"/v1/.*"})')
    ] == [recording.requests]


def _histogram(recording: Recording) -> Histogram:
    whole = Histogram.empty()
    for series in recording.endpoints.values():
        whole = whole.merged(series.ok.histogram()).merged(series.failed.histogram())
    return whole


def _below(whole: Histogram, bound: float) -> int:
    """Count the requests in buckets that end at or below a bound, from the stored histogram of k = 10."""
    from perf_core.model.histogram import lower_edges

    return int(whole.counts[lower_edges(whole.buckets) < bound].sum())


def _edge(told: dict[str, float], bound: float) -> str:
    return next(text for text in told if text != "+Inf" and float(text) == bound)
