"""Whether those who measure are fit to measure."""

from dashboard import Dashboard, Kind, Panel, Query, Row
from promql import HERE, of_here, rate, ratio

CONNECTED, MISSING = 'state!="missing"', 'state="missing"'
POD = 'namespace=~"$namespace",container="locust-worker"'


def _pod_rate(metric: str) -> str:
    return f"sum by (pod) (rate({metric}{{{POD}}}[$__rate_interval]))"


INJECTORS = Dashboard(
    "perf-injectors",
    "Injectors' health",
    "A worker without CPU measures itself. Judge these panels before you judge the service.",
    "locust_up",
    (
        Row(
            "Now",
            (
                Panel(
                    "Master answers",
                    "1 when the master answered the last scrape.",
                    "none",
                    (Query(of_here("locust_up"), "{{instance}}"),),
                    Kind.STAT,
                    4,
                ),
                Panel(
                    "Workers connected",
                    "Workers that send heartbeats.",
                    "short",
                    (Query(f"sum({of_here('locust_workers', CONNECTED)})", "workers"),),
                    Kind.STAT,
                    5,
                ),
                Panel(
                    "Workers missing",
                    "Workers without a heartbeat.",
                    "short",
                    (Query(f"sum({of_here('locust_workers', MISSING)})", "missing"),),
                    Kind.STAT,
                    5,
                ),
                Panel(
                    "Requests lost",
                    "Known to be made and lost, since the master's start.",
                    "short",
                    (Query(f"sum({of_here('locust_capture_lost_requests_total')})", "lost"),),
                    Kind.STAT,
                    5,
                ),
                Panel(
                    "Requests folded",
                    "Counted under the name other, since the master's start.",
                    "short",
                    (Query(f"sum({of_here('locust_series_folded_total')})", "folded"),),
                    Kind.STAT,
                    5,
                ),
            ),
        ),
        Row(
            "Workers",
            (
                Panel(
                    "Workers by state",
                    "As the master sees them.",
                    "short",
                    (Query(f"sum by (state) ({of_here('locust_workers')})", "{{state}}"),),
                    stacked=True,
                ),
                Panel(
                    "CPU of each worker",
                    "1 is a whole core, which is all a worker can use; keep it below 0.9.",
                    "percentunit",
                    (Query(of_here("locust_worker_cpu_ratio"), "{{worker}}"),),
                ),
                Panel(
                    "Event-loop lag of each worker",
                    "How late a timer came at worst: latencies are too long by as much.",
                    "s",
                    (Query(of_here("locust_worker_loop_lag_seconds"), "{{worker}}"),),
                ),
                Panel(
                    "Busiest and median worker",
                    "Far apart means that load is spread badly.",
                    "percentunit",
                    (
                        Query(f"max({of_here('locust_worker_cpu_ratio')})", "busiest"),
                        Query(f"quantile(0.5, {of_here('locust_worker_cpu_ratio')})", "median"),
                    ),
                ),
            ),
        ),
        Row(
            "Capture",
            (
                Panel(
                    "Recorded requests per second",
                    "Requests that reached the master's volume.",
                    "reqps",
                    (Query(f"sum({rate('locust_capture_requests_total')})", "recorded"),),
                    width=8,
                ),
                Panel(
                    "Lost requests per second",
                    "Should be 0; anything else makes the run SUSPECT.",
                    "reqps",
                    (Query(f"sum({rate('locust_capture_lost_requests_total')})", "lost"),),
                    width=8,
                ),
                Panel(
                    "Late and dropped per second",
                    "An arrival rate the users cannot keep up.",
                    "reqps",
                    (
                        Query(f"sum({rate('locust_requests_late_total')})", "late"),
                        Query(f"sum({rate('locust_requests_dropped_total')})", "dropped"),
                    ),
                    width=8,
                ),
            ),
        ),
        Row(
            "Pods (Kubernetes)",
            (
                Panel(
                    "CPU of each pod",
                    "From cAdvisor; compare with what the workers say of themselves.",
                    "short",
                    (Query(_pod_rate("container_cpu_usage_seconds_total"), "{{pod}}"),),
                ),
                Panel(
                    "Throttled periods",
                    "A CPU limit stops the worker, and that is added to latencies.",
                    "percentunit",
                    (
                        Query(
                            ratio(
                                _pod_rate("container_cpu_cfs_throttled_periods_total"),
                                _pod_rate("container_cpu_cfs_periods_total"),
                            ),
                            "{{pod}}",
                        ),
                    ),
                ),
                Panel(
                    "Memory of each pod",
                    "Working set.",
                    "bytes",
                    (Query(f"sum by (pod) (container_memory_working_set_bytes{{{POD}}})", "{{pod}}"),),
                ),
                Panel(
                    "Workers asked for and connected",
                    "Apart means pods that are not scheduled or cannot reach the master.",
                    "short",
                    (
                        Query(
                            'sum(kube_deployment_spec_replicas{namespace=~"$namespace",deployment=~".*locust-worker"})',
                            "asked for",
                        ),
                        Query(f"sum(locust_workers{{{HERE},{CONNECTED}}})", "connected"),
                    ),
                ),
            ),
        ),
    ),
)
