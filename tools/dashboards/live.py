"""The run that is on, as it happens."""

from dashboard import Dashboard, Kind, Panel, Query, Row
from promql import of_here, of_run, quantile, ratio, run_rate

BUCKETS = run_rate("locust_request_duration_seconds_bucket")
REQUESTS = run_rate("locust_requests_total")
FAILURES = run_rate("locust_request_failures_total")
QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))

NOW = Row(
    "Now",
    (
        Panel(
            "State",
            "What the Locust master is doing.",
            "none",
            (Query(f"{of_here('locust_run_state')} == 1", "{{state}}"),),
            Kind.STAT,
            3,
            by_name=True,
        ),
        Panel(
            "Users",
            "Simulated users that run now.",
            "short",
            (Query(f"sum({of_run(of_here('locust_users'))})", "users"),),
            Kind.STAT,
            3,
        ),
        Panel(
            "Requests per second",
            "Requests that ended, failed ones included.",
            "reqps",
            (Query(f"sum({REQUESTS})", "requests"),),
            Kind.STAT,
            4,
        ),
        Panel(
            "Failed",
            "Share of the requests that failed.",
            "percentunit",
            (Query(ratio(f"sum({FAILURES})", f"sum({REQUESTS})"), "failed"),),
            Kind.STAT,
            4,
        ),
        Panel(
            "p95", "95 % of the requests took no longer.", "s", (Query(quantile(0.95, BUCKETS), "p95"),), Kind.STAT, 4
        ),
        Panel(
            "Verdict of the last run",
            "What the comparison with the baseline said; empty until a run was compared.",
            "none",
            (Query(f"{of_here('perf_run_verdict')} == 1", "{{verdict}}"),),
            Kind.STAT,
            6,
            by_name=True,
        ),
        Panel(
            "Run",
            "The run that is on, or the last one until its series end.",
            "none",
            (Query(of_here("locust_run_info", 'run_id=~"$run"')),),
            Kind.TABLE,
            24,
        ),
    ),
)
LOAD = Row(
    "Load",
    (
        Panel(
            "Users",
            "Users that run, and users asked for.",
            "short",
            (
                Query(f"sum({of_run(of_here('locust_users'))})", "running"),
                Query(f"sum({of_run(of_here('locust_users_target'))})", "asked for"),
            ),
        ),
        Panel(
            "Requests per second by endpoint",
            "Requests that ended, failed ones included.",
            "reqps",
            (Query(f"sum by (method, name) ({REQUESTS})", "{{method}} {{name}}"),),
            stacked=True,
        ),
        Panel(
            "Failures per second by class",
            "Failed requests by the class of their error.",
            "reqps",
            (Query(f"sum by (error_class) ({FAILURES})", "{{error_class}}"),),
            stacked=True,
        ),
        Panel(
            "Failure ratio by endpoint",
            "Share of an endpoint's requests that failed.",
            "percentunit",
            (
                Query(
                    ratio(f"sum by (method, name) ({FAILURES})", f"sum by (method, name) ({REQUESTS})"),
                    "{{method}} {{name}}",
                ),
            ),
        ),
        Panel(
            "Requests per second and user",
            "Falls when users wait longer for answers than for their next turn.",
            "reqps",
            (Query(ratio(f"sum({REQUESTS})", f"sum({of_run(of_here('locust_users'))})"), "per user"),),
        ),
        Panel(
            "Received bytes per second",
            "Bodies of the answers.",
            "Bps",
            (Query(f"sum({run_rate('locust_response_bytes_total')})", "received"),),
        ),
    ),
)
LATENCY = Row(
    "Latency",
    (
        Panel(
            "Quantiles",
            "Of all requests, good and failed, from the histogram: interpolated inside a bucket.",
            "s",
            tuple(Query(quantile(q, BUCKETS), name) for name, q in QUANTILES),
        ),
        Panel(
            "p95 by endpoint",
            "95 % of an endpoint's requests took no longer.",
            "s",
            (Query(quantile(0.95, BUCKETS, "method", "name"), "{{method}} {{name}}"),),
        ),
        Panel(
            "Distribution over time",
            "How many requests took how long; two bands mean two kinds of answers.",
            "s",
            (
                Query(
                    "sum by (le) ("
                    + of_run(f"increase({of_here('locust_request_duration_seconds_bucket')}[$__rate_interval])")
                    + ")",
                    "{{le}}",
                ),
            ),
            Kind.HEATMAP,
        ),
        Panel(
            "Mean by endpoint",
            "Exact mean: sum of all durations by their number.",
            "s",
            (
                Query(
                    ratio(
                        f"sum by (method, name) ({run_rate('locust_request_duration_seconds_sum')})",
                        f"sum by (method, name) ({run_rate('locust_request_duration_seconds_count')})",
                    ),
                    "{{method}} {{name}}",
                ),
            ),
        ),
    ),
)
PACE = Row(
    "Pace",
    (
        Panel(
            "Pacing",
            "Seconds between two iterations of a user, where it was set for the run.",
            "s",
            (Query(of_here("locust_pacing_seconds"), "pacing"),),
            width=8,
        ),
        Panel(
            "Late requests per second",
            "Started later than the arrival rate asked for.",
            "reqps",
            (Query(f"sum({run_rate('locust_requests_late_total')})", "late"),),
            width=8,
        ),
        Panel(
            "Dropped requests per second",
            "Never started, because no user was free.",
            "reqps",
            (Query(f"sum({run_rate('locust_requests_dropped_total')})", "dropped"),),
            width=8,
        ),
    ),
)

LIVE = Dashboard(
    "perf-live",
    "Performance test, live",
    "Users, rate, latency and failures of the run that is on.",
    "locust_up",
    (NOW, LOAD, LATENCY, PACE),
    refresh="5s",
)
