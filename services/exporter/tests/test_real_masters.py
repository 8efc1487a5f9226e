"""Real masters: a lost worker, a reset, a second run, a killed master; a plain Locust, also behind its login."""

import urllib.request
from pathlib import Path

import pytest
from exporter_process import running_exporter
from local_stack import wait_until
from locust_processes import WITH_LOGIN, Locust, locust
from prometheus_api import PrometheusApi
from series import Series, names, value

from perf_cli.processes import Processes
from perf_cli.prometheus import start_prometheus

OLD_DASHBOARD = """
locust_errors locust_requests_avg_content_length locust_requests_avg_response_time
locust_requests_current_fail_per_sec
locust_requests_current_response_time_percentile_50 locust_requests_current_response_time_percentile_95
locust_requests_current_rps locust_requests_fail_ratio locust_requests_max_response_time
locust_requests_median_response_time locust_requests_min_response_time locust_requests_num_failures
locust_requests_num_requests locust_running locust_slaves_count locust_users
"""
"""Every metric of the dashboard that ContainerSolutions published."""
OLD_EXPORTER = f"""{OLD_DASHBOARD} locust_up locust_total_scrapes locust_worker_detail locust_workers_count
locust_workers_running_count locust_workers_hatching_count locust_workers_missing_count"""
COUNTERS = ("_total", "_bucket", "_sum", "_count")


def ours(page: Series) -> Series:
    """Return what tells of Locust, not of the exporter's own process."""
    return {key: number for key, number in page.items() if key[0].startswith(("locust_", "perf_"))}


def requests(page: Series) -> float:
    return sum(number for (name, _), number in page.items() if name == "locust_requests_total")


def running(page: Series) -> bool:
    return value(page, "locust_up") == 1 and requests(page) > 20


def ready(page: Series, workers: int = 1) -> bool:
    return value(page, "locust_up") == 1 and value(page, "locust_workers", state="ready") >= workers


def fell(before: Series, after: Series) -> set[str]:
    """Return the counters that are smaller than before, or gone."""
    hosts = ("locust_host_",)  # the kernel's counters, which have their own life
    return {
        name
        for (name, labels), number in ours(before).items()
        if name.endswith(COUNTERS) and not name.startswith(hosts) and after.get((name, labels), -1) < number
    }


def test_counters_never_fall_over_a_lost_worker_a_reset_and_a_second_run(tmp_path: Path) -> None:
    with (
        locust(tmp_path / "l", "perf_locust", workers=2) as master,
        running_exporter("--master", master.url) as exporter,
    ):
        exporter.wait_for(lambda page: ready(page, 2), "the workers are there")
        master.swarm()
        before = exporter.wait_for(running, "requests are made")

        master.processes[1].kill()
        lost = exporter.wait_for(lambda page: requests(page) > requests(before) + 20, "the other worker goes on")
        master.post("/stats/reset")
        reset = exporter.wait_for(lambda page: requests(page) > requests(lost) + 20, "and on after a reset")

        assert (fell(before, lost), fell(lost, reset)) == (set(), set())

        master.post("/perf/run/stop")
        ended = exporter.wait_for(
            lambda page: value(page, "locust_run_state", state="idle") == 1, "the run ended", 90
        )
        first = run_id(ended)
        exporter.wait_for(ready, "the worker that is left is ready", 90)
        master.swarm()
        second = exporter.wait_for(lambda page: requests(page) > requests(ended) + 20, "the second run", 90)
        exporter.wait_for(lambda page: roles(page) == {"injector", "master"}, "readings of both kinds of hosts", 90)

        assert fell(reset, ended) == set()
        assert fell(ended, second) == set()
        assert run_id(second) != first
        assert value(ended, "perf_run_validity", validity="SUSPECT") == 1


def roles(page: Series) -> set[str]:
    """Return the roles of the hosts that are read."""
    return {dict(labels)["role"] for name, labels in page if name == "locust_host_cpu_ratio"}


def run_id(page: Series) -> str:
    """Return the one run that the page is about."""
    (labels,) = [dict(labels) for name, labels in page if name == "locust_run_info"]
    return labels["run_id"]


def test_a_killed_master_is_down_and_leaves_no_series_in_prometheus(
    tmp_path: Path, prometheus_programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(prometheus_programs), prepend=":")
    with (
        Processes() as processes,
        locust(tmp_path / "l", "perf_locust") as master,
        running_exporter("--master", master.url) as exporter,
    ):
        prometheus = PrometheusApi(start_prometheus(processes, {"exporter": exporter.url}))
        exporter.wait_for(ready, "the workers are there")
        master.swarm()
        exporter.wait_for(running, "requests are made")
        wait_until(lambda: seen(prometheus, "locust_requests_total > 0"), "Prometheus has them")

        master.processes[0].kill()
        page = exporter.wait_for(lambda page: value(page, "locust_up") == 0, "the master is seen gone")
        wait_until(lambda: seen(prometheus, "locust_up == 0"), "Prometheus sees it")

        assert {name for name, _ in ours(page)} == {"locust_up"}
        stale = 'count by (__name__) ({__name__=~"(locust|perf)_.+",__name__!="locust_up"})'
        assert prometheus.now(stale) == []


def seen(prometheus: PrometheusApi, expr: str) -> bool:
    try:
        return bool(prometheus.now(expr))
    except OSError:
        return False


def test_a_plain_locust_is_served_with_what_it_has(tmp_path: Path) -> None:
    with (
        locust(tmp_path / "l", "locust") as master,
        running_exporter("--master", master.url, "--keep", "2s") as exporter,
    ):
        exporter.wait_for(ready, "the workers are there")
        master.swarm()
        page = exporter.wait_for(
            lambda page: running(page) and value(page, "locust_run_state", state="running") == 1, "it runs"
        )
        good, bad = ({"method": "GET", "name": name} for name in ("/good", "/bad"))
        counted = value(page, "locust_requests_total", **good)

        assert value(page, "locust_users") == 4
        assert value(page, "locust_workers", state="running") == 1
        assert value(page, "locust_request_failures_total", **good, error_class="other") == 0
        assert value(page, "locust_request_failures_total", **bad, error_class="other") == value(
            page, "locust_requests_total", **bad
        )
        assert value(page, "locust_request_duration_seconds_bucket", **good, le="+Inf") == counted
        assert 0 < value(page, "locust_request_duration_seconds_sum", **good) / counted < 1
        assert value(page, "locust_response_bytes_total", **good) == 5 * counted
        assert "Aggregated" not in {dict(labels).get("name") for _, labels in page}
        assert not {"locust_capture_requests_total", "perf_run_verdict", "locust_requests_current_rps"} & names(page)

        master.post("/stop")
        ended = exporter.wait_for(lambda page: requests(page) == 0, "series of a stopped plain Locust end")
        assert value(ended, "locust_up") == 1
        assert "locust_request_duration_seconds_count" not in names(ended)


@pytest.mark.parametrize(
    "credentials", [("ann", "p&ss word"), ("ann", "wrong"), ("", "")], ids=["right", "wrong", "none"]
)
def test_a_plain_locust_behind_its_login_is_up_only_for_those_who_may(
    behind_login: Locust, credentials: tuple[str, str]
) -> None:
    user, password = credentials
    environment = {"PERF_WEB_USER": user, "PERF_WEB_PASSWORD": password}

    with running_exporter("--master", behind_login.url, **environment) as exporter:
        if password == "p&ss word":
            page = exporter.wait_for(lambda page: value(page, "locust_up") == 1, "it lets us in")
            assert value(page, "locust_run_state", state="idle") == 1
            assert value(exporter.page(), "locust_up") == 1
        else:
            assert {name for name, _ in ours(exporter.page())} == {"locust_up"}
            assert value(exporter.page(), "locust_up") == 0


@pytest.fixture(scope="module")
def behind_login(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("login")
    with locust(folder, "locust", "--web-login", workers=0, locustfile=WITH_LOGIN) as master:
        wait_until(lambda: _answers(f"{master.url}/login"), "its login page is there")
        yield master


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("module", ["perf_locust", "locust"], ids=["our master", "a plain one"])
def test_compat_speaks_every_name_of_the_old_exporter_and_its_dashboard(tmp_path: Path, module: str) -> None:
    environment = {"PERF_MASTER_TOKEN": "t"}
    with (
        locust(tmp_path / "l", module) as master,
        running_exporter("--master", master.url, "--compat", **environment) as exporter,
    ):
        exporter.wait_for(ready, "the workers are there")
        master.swarm()
        every = set(OLD_EXPORTER.split())
        page = exporter.wait_for(
            lambda page: running(page) and value(page, "locust_running") == 2 and names(page) >= every, "every name"
        )
        good, total = {"method": "GET", "name": "/good"}, {"method": "", "name": "Total"}
        assert value(page, "locust_users") == 4
        assert value(page, "locust_slaves_count") == value(page, "locust_workers_running_count") == 1
        each = [number for (name, labels), number in page.items()
                if name == "locust_requests_num_requests" and dict(labels)["method"]]  # fmt: skip
        assert value(page, "locust_requests_num_requests", **total) == sum(each) > 0
        assert 0 < value(page, "locust_requests_avg_response_time", **good) < 1000
        assert value(page, "locust_requests_avg_content_length", **good) == 5
        assert 0 < value(page, "locust_requests_fail_ratio") < 1
        assert "Aggregated" not in {dict(labels).get("name") for _, labels in page}
        assert ("", "") not in {(dict(labels).get("method"), "") for name, labels in page
                                if name == "locust_requests_current_rps"}  # fmt: skip
        assert any("503" in dict(labels)["error"] for name, labels in page if name == "locust_errors")
        assert value(exporter.page(), "locust_total_scrapes") > value(page, "locust_total_scrapes")
        later = exporter.wait_for(
            lambda page: value(page, "locust_requests_current_response_time_percentile_95") > 0, "Locust's own p95"
        )
        assert value(later, "locust_requests_current_response_time_percentile_50") > 0
