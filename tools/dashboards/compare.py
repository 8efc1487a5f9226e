"""Runs beside each other, from the recorded series of each."""

from dashboard import Dashboard, Kind, Panel, Query, Row
from promql import of_here

CHOSEN = 'run_id=~"$run"'
SERIES = {
    "p50": "namespace_job_run_id:locust_request_duration_seconds:p50_rate1m",
    "p95": "namespace_job_run_id:locust_request_duration_seconds:p95_rate1m",
    "p99": "namespace_job_run_id:locust_request_duration_seconds:p99_rate1m",
    "rate": "namespace_job_run_id:locust_requests:rate1m",
    "failed": "namespace_job_run_id:locust_request_failures:ratio_rate1m",
    "users": "namespace_job_run_id:locust_users:max",
}
INFO = f"last_over_time({of_here('locust_run_info', CHOSEN)}[$__range])"


def _over_time(name: str) -> tuple[Query, ...]:
    return (Query(f"sum by (run_id) ({of_here(SERIES[name], CHOSEN)})", "{{run_id}}"),)


def _median(name: str) -> tuple[Query, ...]:
    return (
        Query(f"max by (run_id) (quantile_over_time(0.5, {of_here(SERIES[name], CHOSEN)}[$__range]))", "{{run_id}}"),
    )


COMPARE = Dashboard(
    "perf-compare",
    "Run comparison",
    "What each run reached. A picture, not a judgement: the verdict and its reasons are in the run's report.",
    "locust_up",
    (
        Row(
            "Each run's typical minute",
            (
                Panel("p50", "Median over the run of its p50 of a minute.", "s", _median("p50"), Kind.STAT, 6),
                Panel("p95", "Median over the run of its p95 of a minute.", "s", _median("p95"), Kind.STAT, 6),
                Panel("Requests per second", "Median over the run.", "reqps", _median("rate"), Kind.STAT, 6),
                Panel("Failed", "Median over the run.", "percentunit", _median("failed"), Kind.STAT, 6),
            ),
        ),
        Row(
            "Over time",
            (
                Panel("p50", "Half of the requests of the last minute took no longer.", "s", _over_time("p50")),
                Panel("p95", "95 % of the requests of the last minute took no longer.", "s", _over_time("p95")),
                Panel("p99", "99 % of the requests of the last minute took no longer.", "s", _over_time("p99")),
                Panel("Requests per second", "Of the last minute.", "reqps", _over_time("rate")),
                Panel("Failed", "Share of the last minute's requests.", "percentunit", _over_time("failed")),
                Panel("Users", "Load that the figures above belong to.", "short", _over_time("users")),
            ),
        ),
        Row(
            "Runs",
            (
                Panel(
                    "Runs in this time",
                    "Run, scenario and target; choose runs above to compare them.",
                    "none",
                    (Query(f"max by (run_id, scenario, target) ({INFO})"),),
                    Kind.TABLE,
                    24,
                ),
            ),
        ),
    ),
)
