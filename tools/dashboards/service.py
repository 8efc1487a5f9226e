"""The service under load: rate, errors, duration, and what stands behind them."""

from dashboard import Dashboard, Kind, Panel, Query, Row
from promql import of_here, quantile, rate, ratio

COUNT = "http_server_request_duration_seconds_count"
BUCKETS = rate("http_server_request_duration_seconds_bucket")
FAILED = rate(COUNT, 'status=~"5.."')
HIT = 'result="hit"'
DATABASE = rate("db_operation_duration_seconds_bucket")


def _of_service(expr: str) -> str:
    """Return only the processes that serve the API: the exporter has figures of the same names."""
    return f"{expr} and on (namespace, job, instance) {of_here('http_server_active_requests')}"


SERVICE = Dashboard(
    "perf-api",
    "API",
    "Rate, errors and duration of the reference service as it sees itself; its cache, database and process.",
    "http_server_active_requests",
    (
        Row(
            "Now",
            (
                Panel(
                    "Requests per second",
                    "Answers of all routes.",
                    "reqps",
                    (Query(f"sum({rate(COUNT)})", "requests"),),
                    Kind.STAT,
                    4,
                ),
                Panel(
                    "Server errors",
                    "Share of the answers with a status of 500 or above.",
                    "percentunit",
                    (Query(ratio(f"(sum({FAILED}) or vector(0))", f"sum({rate(COUNT)})"), "errors"),),
                    Kind.STAT,
                    4,
                ),
                Panel(
                    "p95",
                    "95 % of the answers took no longer.",
                    "s",
                    (Query(quantile(0.95, BUCKETS), "p95"),),
                    Kind.STAT,
                    4,
                ),
                Panel(
                    "In flight",
                    "Requests that are being served.",
                    "short",
                    (Query(f"sum({of_here('http_server_active_requests')})", "active"),),
                    Kind.STAT,
                    4,
                ),
                Panel(
                    "Cache hits",
                    "Share of the lookups that the cache answered.",
                    "percentunit",
                    (
                        Query(
                            ratio(
                                f"sum({rate('cache_requests_total', HIT)})", f"sum({rate('cache_requests_total')})"
                            ),
                            "hits",
                        ),
                    ),
                    Kind.STAT,
                    4,
                ),
                Panel(
                    "Metrics controller",
                    "State of the custom metrics.",
                    "none",
                    (Query(f"{of_here('metrics_controller_state')} == 1", "{{state}}"),),
                    Kind.STAT,
                    4,
                    by_name=True,
                ),
            ),
        ),
        Row(
            "Requests",
            (
                Panel(
                    "Rate by route",
                    "Answers per second.",
                    "reqps",
                    (Query(f"sum by (method, route) ({rate(COUNT)})", "{{method}} {{route}}"),),
                    stacked=True,
                ),
                Panel(
                    "Rate by status",
                    "Answers per second.",
                    "reqps",
                    (Query(f"sum by (status) ({rate(COUNT)})", "{{status}}"),),
                    stacked=True,
                ),
                Panel(
                    "p95 by route",
                    "95 % of a route's answers took no longer.",
                    "s",
                    (Query(quantile(0.95, BUCKETS, "method", "route"), "{{method}} {{route}}"),),
                ),
                Panel(
                    "Quantiles",
                    "Of all answers.",
                    "s",
                    (
                        Query(quantile(0.5, BUCKETS), "p50"),
                        Query(quantile(0.95, BUCKETS), "p95"),
                        Query(quantile(0.99, BUCKETS), "p99"),
                    ),
                ),
                Panel(
                    "In flight",
                    "Requests that are being served.",
                    "short",
                    (Query(of_here("http_server_active_requests"), "{{instance}}"),),
                ),
                Panel(
                    "Recorded rate and errors",
                    "From the recording rules, which the alerts use.",
                    "reqps",
                    (
                        Query(of_here("namespace_job:http_server_requests:rate1m"), "rate"),
                        Query(of_here("namespace_job:http_server_errors:ratio_rate1m"), "error ratio"),
                    ),
                ),
            ),
        ),
        Row(
            "Cache",
            (
                Panel(
                    "Hit ratio by cache",
                    "Share of the lookups that the cache answered.",
                    "percentunit",
                    (
                        Query(
                            ratio(
                                f"sum by (cache) ({rate('cache_requests_total', HIT)})",
                                f"sum by (cache) ({rate('cache_requests_total')})",
                            ),
                            "{{cache}}",
                        ),
                    ),
                    width=8,
                ),
                Panel(
                    "Entries",
                    "Entries in each cache.",
                    "short",
                    (Query(of_here("cache_entries"), "{{cache}} {{instance}}"),),
                    width=8,
                ),
                Panel(
                    "Evictions per second",
                    "By what pushed an entry out.",
                    "ops",
                    (Query(f"sum by (cache, reason) ({rate('cache_evictions_total')})", "{{cache}} {{reason}}"),),
                    width=8,
                ),
            ),
        ),
        Row(
            "Database",
            (
                Panel(
                    "p95 by operation",
                    "Waiting for its turn included.",
                    "s",
                    (Query(quantile(0.95, DATABASE, "operation"), "{{operation}}"),),
                    width=8,
                ),
                Panel(
                    "Operations per second",
                    "By what became of them.",
                    "ops",
                    (
                        Query(
                            f"sum by (operation, outcome) ({rate('db_operation_duration_seconds_count')})",
                            "{{operation}} {{outcome}}",
                        ),
                    ),
                    width=8,
                ),
                Panel(
                    "Task queues",
                    "Lengths of the custom metrics, while the metrics controller records.",
                    "short",
                    (Query(of_here("task_queue_length"), "{{queue}}"),),
                    width=8,
                ),
            ),
        ),
        Row(
            "Python process",
            (
                Panel(
                    "CPU",
                    "Cores used.",
                    "short",
                    (Query(_of_service(rate("process_cpu_seconds_total")), "{{instance}}"),),
                    width=6,
                ),
                Panel(
                    "Memory",
                    "Resident set.",
                    "bytes",
                    (Query(_of_service(of_here("process_resident_memory_bytes")), "{{instance}}"),),
                    width=6,
                ),
                Panel(
                    "Open files",
                    "File handles, sockets included.",
                    "short",
                    (Query(_of_service(of_here("process_open_fds")), "{{instance}}"),),
                    width=6,
                ),
                Panel(
                    "Garbage collections per second",
                    "By generation; the old ones pause the process.",
                    "ops",
                    (
                        Query(
                            f"sum by (instance, generation) ({_of_service(rate('python_gc_collections_total'))})",
                            "{{instance}} generation {{generation}}",
                        ),
                    ),
                    width=6,
                ),
            ),
        ),
    ),
)
