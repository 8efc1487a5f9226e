"""What a page says of a reading: figures, ends of series, caps, hostile names."""

from dataclasses import replace

import pytest
from made_up import endpoint, snapshot
from series import names, value

from perf_core.errors import PerfError
from perf_core.model.snapshot import BOUNDS
from perf_exporter.catalogue import METRICS

SUFFIXES = ("_bucket", "_sum", "_count")


def test_a_master_that_does_not_answer_is_down_and_has_no_other_series(scraped) -> None:
    series = scraped(PerfError("gone"))

    assert value(series, "locust_up") == 0
    assert {name for name in names(series) if not name.startswith(("process_", "python_"))} == {"locust_up"}


def test_every_metric_of_the_catalogue_is_served_and_none_else(scraped) -> None:
    told = snapshot(
        endpoint("/a", 10),
        pacing=1.5,
        functional_tests={"passed": 3},
        functional_at=5.0,
    )

    served = {name for name in names(scraped(told)) if not name.startswith(("process_", "python_"))}

    wanted = {metric.name for metric in METRICS if metric.kind != "histogram"}
    assert served == wanted | {"locust_request_duration_seconds" + suffix for suffix in SUFFIXES}


def test_the_figures_are_those_of_the_reading(scraped) -> None:
    told = snapshot(
        endpoint("/a", 10, timeout=2, **{"HTTP 418": 1}),
        lost=3,
        late=4,
        dropped=5,
        pacing=0.2,
        verdict="REGRESSED",
        validity="SUSPECT",
        notifications={"mail failed": 2},
    )

    series = scraped(told)

    assert value(series, "locust_pacing_seconds") == 0.2
    assert value(series, "locust_up") == 1
    assert (value(series, "locust_users"), value(series, "locust_users_target")) == (7, 8)
    assert value(series, "locust_run_info", run_id=told.run_id, scenario="shop", target="http://127.0.0.1:1") == 1
    assert [value(series, "locust_run_state", state=state) for state in ("running", "idle")] == [1, 0]
    assert value(series, "locust_requests_total", method="GET", name="/a") == 10
    failures = {kind: value(series, "locust_request_failures_total", method="GET", name="/a", error_class=kind)
                for kind in ("timeout", "HTTP 418", "HTTP 503", "connection")}  # fmt: skip
    assert failures == {"timeout": 2, "HTTP 418": 1, "HTTP 503": 0, "connection": 0}
    assert value(series, "locust_response_bytes_total", method="GET", name="/a") == 1000
    assert value(series, "locust_request_duration_seconds_sum", method="GET", name="/a") == pytest.approx(0.2)
    assert value(series, "locust_capture_requests_total") == 10
    assert value(series, "locust_capture_lost_requests_total") == 3
    assert (value(series, "locust_requests_late_total"), value(series, "locust_requests_dropped_total")) == (4, 5)
    assert value(series, "perf_run_verdict", verdict="REGRESSED") == 1
    assert value(series, "perf_run_verdict", verdict="UNCHANGED") == 0
    assert value(series, "perf_run_validity", validity="SUSPECT") == 1
    assert value(series, "perf_run_validity", validity="VALID") == 0
    assert value(series, "perf_notifications_total", channel="mail", outcome="failed") == 2
    assert value(series, "perf_notifications_total", channel="mail", outcome="sent") == 0
    assert value(series, "locust_host_network_bytes_total", node="box", role="injector", direction="sent") == 2
    assert value(series, "locust_workers", state="missing") == 1
    assert value(series, "locust_worker_cpu_ratio", worker="w1") == 0.5


def test_a_histogram_is_cumulative_and_ends_in_its_count(scraped) -> None:
    counts = tuple(range(len(BOUNDS) + 1))
    series = scraped(snapshot(replace(endpoint("/a", 10), counts=counts)))

    shown = [value(series, "locust_request_duration_seconds_bucket", method="GET", name="/a", le=repr(bound))
             for bound in BOUNDS]  # fmt: skip
    last = value(series, "locust_request_duration_seconds_bucket", method="GET", name="/a", le="+Inf")

    assert shown == [sum(counts[: index + 1]) for index in range(len(BOUNDS))]
    assert last == value(series, "locust_request_duration_seconds_count", method="GET", name="/a") == sum(counts)


def test_series_of_a_finished_run_end_after_the_time_kept(scraped) -> None:
    finished = snapshot(endpoint("/a", 10), state="idle", ended=995.0, users=0)

    during = scraped(replace(finished, now=995.0 + 299))
    after = scraped(replace(finished, now=995.0 + 301))

    assert value(during, "locust_requests_total", method="GET", name="/a") == 10
    assert "locust_run_info" in names(during)
    assert not {"locust_requests_total", "locust_run_info", "locust_request_duration_seconds_count"} & names(after)
    assert value(after, "locust_up") == 1
    assert value(after, "locust_capture_requests_total") == 10


def test_an_endpoint_of_an_earlier_run_ends_while_a_later_one_goes_on(scraped) -> None:
    told = snapshot(
        endpoint("/old", 10, last_at=400.0), endpoint("/just", 5, last_at=850.0), endpoint("/new", 1, last_at=950.0)
    )

    series = scraped(told)

    shown = {dict(labels)["name"] for name, labels in series if name == "locust_requests_total"}
    assert shown == {"/just", "/new"}


def test_a_quiet_endpoint_of_the_run_that_is_on_stays(scraped) -> None:
    series = scraped(snapshot(endpoint("/login", 3, last_at=901.0), now=900.0 + 7200))

    assert value(series, "locust_requests_total", method="GET", name="/login") == 3


def test_endpoints_above_the_cap_are_summed_up_and_counted(scraped) -> None:
    other = replace(endpoint("other", 7), method="")
    told = snapshot(*(endpoint(f"/{number}", 2, timeout=1) for number in range(4)), other, folded=7)

    series = scraped(told, most=2)

    shown = {(dict(labels)["method"], dict(labels)["name"]): count for (name, labels), count in series.items()
             if name == "locust_requests_total"}  # fmt: skip
    assert shown == {("GET", "/0"): 2, ("GET", "/1"): 2, ("", "other"): 11}
    assert value(series, "locust_request_failures_total", method="", name="other", error_class="timeout") == 2
    assert value(series, "locust_request_duration_seconds_count", method="", name="other") == 11
    assert value(series, "locust_series_folded_total") == 7 + 4


def test_the_other_series_keeps_what_the_workers_folded_when_it_was_met_early(scraped) -> None:
    other = replace(endpoint("other", 7), method="")

    series = scraped(snapshot(other, endpoint("/a", 1), endpoint("/b", 2), folded=7), most=2)

    assert value(series, "locust_requests_total", method="", name="other") == 9
    assert value(series, "locust_series_folded_total") == 9


@pytest.mark.parametrize(
    "name",
    ['a"b', "a\\b", "a\nb", "100 %d %s", "ünïcode ✓", '{le="1"} 5', "\ud800"],
    ids=["quote", "backslash", "newline", "percent", "unicode", "label syntax", "lone surrogate"],
)
def test_hostile_names_stay_one_label_value(scraped, name: str) -> None:
    series = scraped(snapshot(endpoint(name, 3, **{name: 1}), scenario=name))

    shown = name.encode("utf-8", "replace").decode()
    assert value(series, "locust_requests_total", method="GET", name=shown) == 3
    assert value(series, "locust_request_duration_seconds_count", method="GET", name=shown) == 3
    assert value(series, "locust_request_failures_total", method="GET", name=shown, error_class=shown) == 1


def test_a_master_without_any_run_shows_itself_only(scraped) -> None:
    series = scraped(snapshot(run_id=None, state="idle", workers=(), hosts=(), started=None))

    assert value(series, "locust_up") == 1
    assert value(series, "locust_run_state", state="idle") == 1
    assert value(series, "locust_workers", state="running") == 0
    assert not {"locust_run_info", "locust_requests_total"} & names(series)
