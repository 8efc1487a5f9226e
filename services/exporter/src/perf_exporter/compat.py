"""The metric names of ContainerSolutions/locust_exporter, so that dashboards made for it keep working.

Its rates and its averages since the start are kept as they were, in milliseconds. Three faults are not: it read
fields that Locust no longer has, it counted the row of all requests twice, and its series never ended.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family

from perf_core.units import ms_from_seconds
from perf_exporter.catalogue import ENDPOINT, Metric
from perf_exporter.plain_stats import OTHER, PlainEndpoint, PlainStats

TEXT_LENGTH = 200
"""Characters of an error's text that become a label."""
MOST_ERRORS = 100
RUNNING = {"spawning": 1, "hatching": 1, "running": 2}

_GAUGES: tuple[tuple[Metric, Callable[[PlainStats], float]], ...] = (
    (
        Metric("locust_running", "gauge", "State of the load: 0 stopped, 1 hatching, 2 running."),
        lambda stats: RUNNING.get(stats.state, 0),
    ),
    (Metric("locust_workers_count", "gauge", "Workers known to the master."), lambda stats: len(stats.workers)),
    (
        Metric("locust_slaves_count", "gauge", "The same by the name that the published dashboard still asks for."),
        lambda stats: len(stats.workers),
    ),
    (
        Metric("locust_workers_running_count", "gauge", "Workers that run users."),
        lambda stats: _in_state(stats, "running"),
    ),
    (
        Metric("locust_workers_hatching_count", "gauge", "Workers that start users."),
        lambda stats: _in_state(stats, "spawning"),
    ),
    (
        Metric("locust_workers_missing_count", "gauge", "Workers that sent no heartbeat."),
        lambda stats: _in_state(stats, "missing"),
    ),
    (
        Metric("locust_requests_fail_ratio", "gauge", "Share of all requests that failed."),
        lambda stats: stats.failure_ratio,
    ),
    (
        Metric(
            "locust_requests_current_response_time_percentile_95", "gauge", "95th percentile of now, milliseconds."
        ),
        lambda stats: ms_from_seconds(stats.p95 or 0),
    ),
    (
        Metric("locust_requests_current_response_time_percentile_50", "gauge", "Median of now, milliseconds."),
        lambda stats: ms_from_seconds(stats.p50 or 0),
    ),
)
_PER_ENDPOINT: tuple[tuple[Metric, Callable[[PlainEndpoint], float]], ...] = (
    (Metric("locust_requests_num_requests", "gauge", "Requests made.", ENDPOINT), lambda row: row.requests),
    (Metric("locust_requests_num_failures", "gauge", "Requests that failed.", ENDPOINT), lambda row: row.failures),
    (
        Metric("locust_requests_avg_response_time", "gauge", "Average since the start, milliseconds.", ENDPOINT),
        lambda row: ms_from_seconds(row.average),
    ),
    (
        Metric("locust_requests_min_response_time", "gauge", "Shortest since the start, milliseconds.", ENDPOINT),
        lambda row: ms_from_seconds(row.minimum),
    ),
    (
        Metric("locust_requests_max_response_time", "gauge", "Longest since the start, milliseconds.", ENDPOINT),
        lambda row: ms_from_seconds(row.maximum),
    ),
    (
        Metric("locust_requests_median_response_time", "gauge", "Median since the start, milliseconds.", ENDPOINT),
        lambda row: ms_from_seconds(row.median),
    ),
    (Metric("locust_requests_current_rps", "gauge", "Requests per second of now.", ENDPOINT), lambda row: row.rate),
    (
        Metric("locust_requests_current_fail_per_sec", "gauge", "Failed requests per second of now.", ENDPOINT),
        lambda row: row.failure_rate,
    ),
    (
        Metric("locust_requests_avg_content_length", "gauge", "Average size of an answer, bytes.", ENDPOINT),
        lambda row: row.average_bytes,
    ),
)
_WORKER = Metric("locust_worker_detail", "gauge", "Users of a worker.", ("id", "state"))
_ERRORS = Metric("locust_errors", "gauge", "Failed requests by their text.", (*ENDPOINT, "error"))
_SCRAPES = Metric("locust_total_scrapes", "gauge", "Scrapes of this exporter since its start.")
_WITH_TOTAL = ("locust_requests_num_requests", "locust_requests_num_failures")
"""The published dashboard asks these for the row with an empty method, and sums up all others."""

METRICS = (*(metric for metric, _ in _GAUGES), *(metric for metric, _ in _PER_ENDPOINT), _WORKER, _ERRORS, _SCRAPES)


def compat_families(stats: PlainStats | None, scrapes: int, most: int) -> Iterator[Family]:
    """Yield the old names; of a master that did not tell its statistics only the number of scrapes.

    `locust_up` and `locust_users` are the same in both. At most `most` endpoints and `MOST_ERRORS` texts are shown.
    """
    yield _gauge(_SCRAPES, [((), scrapes)])
    if stats is None:
        return
    for metric, value in _GAUGES:
        yield _gauge(metric, [((), value(stats))])
    for metric, of in _PER_ENDPOINT:
        rows = stats.endpoints[:most]
        total = (stats.total,) if stats.total and metric.name in _WITH_TOTAL else ()
        yield _gauge(
            metric, [((row.method, "Total" if row in total else row.name), of(row)) for row in (*rows, *total)]
        )
    yield _gauge(_WORKER, [((each.id, each.state), each.users) for each in stats.workers])
    yield _gauge(_ERRORS, list(_errors(stats).items()))


def _errors(stats: PlainStats) -> dict[tuple[str, ...], float]:
    counts: Counter[tuple[str, ...]] = Counter()
    for row in stats.errors:
        key = (row.method, row.name, row.text[:TEXT_LENGTH])
        counts[key if key in counts or len(counts) < MOST_ERRORS else ("", OTHER, OTHER)] += row.count
    return dict(counts)


def _in_state(stats: PlainStats, state: str) -> int:
    return sum(each.state == state for each in stats.workers)


def _gauge(metric: Metric, rows: list[tuple[tuple[str, ...], float]]) -> Family:
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in rows:
        family.add_metric([label.encode("utf-8", "replace").decode() for label in labels], float(value))
    return family
