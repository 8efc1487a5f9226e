"""Every metric the exporter serves: name, type, help and labels, in one table that the documentation is made from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as Prometheus sees it; `kind` is gauge, counter or histogram."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()


RUN_STATES = ("idle", "spawning", "running", "stopping", "finishing")
WORKER_STATES = ("ready", "spawning", "running", "stopping", "missing")
VERDICTS = ("UNCHANGED", "IMPROVED", "REGRESSED", "INCONCLUSIVE")
VALIDITIES = ("VALID", "SUSPECT", "INVALID")
ENDPOINT = ("method", "name")
HOST = ("node", "role")

UP = Metric("locust_up", "gauge", "Whether the Locust master answered this scrape: 1 yes, 0 no.")
RUN_INFO = Metric(
    "locust_run_info",
    "gauge",
    "Always 1; names the run that is on, or the last one until its series end.",
    ("run_id", "scenario", "target"),
)
RUN_STATE = Metric("locust_run_state", "gauge", "1 for the state the master is in, 0 for the others.", ("state",))
USERS = Metric("locust_users", "gauge", "Simulated users running now.")
USERS_TARGET = Metric("locust_users_target", "gauge", "Simulated users asked for; 0 when no run is on.")
WORKERS = Metric("locust_workers", "gauge", "Workers by their state; a missing one sent no heartbeat.", ("state",))
WORKER_CPU = Metric(
    "locust_worker_cpu_ratio", "gauge", "CPU time a worker used per second; 1 is one whole core.", ("worker",)
)
WORKER_LAG = Metric(
    "locust_worker_loop_lag_seconds",
    "gauge",
    "How late a timer of the worker's event loop came at worst in the last second.",
    ("worker",),
)
REQUESTS = Metric("locust_requests_total", "counter", "Requests made, failed ones included.", ENDPOINT)
FAILURES = Metric(
    "locust_request_failures_total",
    "counter",
    "Failed requests by the class of their error; the usual classes start at 0.",
    (*ENDPOINT, "error_class"),
)
DURATION = Metric(
    "locust_request_duration_seconds", "histogram", "Time from sending a request to its whole answer.", ENDPOINT
)
BYTES = Metric("locust_response_bytes_total", "counter", "Bytes of the bodies of all answers.", ENDPOINT)
CAPTURED = Metric("locust_capture_requests_total", "counter", "Requests recorded on the master's volume.")
LOST = Metric(
    "locust_capture_lost_requests_total", "counter", "Requests known to be made and lost before they were recorded."
)
FOLDED = Metric(
    "locust_series_folded_total",
    "counter",
    "Requests counted under the name other because there were too many endpoints.",
)
PACING = Metric(
    "locust_pacing_seconds", "gauge", "Pacing set while the run is on: seconds between two iterations of a user."
)
LATE = Metric(
    "locust_requests_late_total", "counter", "Requests of an arrival rate that started later than scheduled."
)
DROPPED = Metric("locust_requests_dropped_total", "counter", "Requests of an arrival rate that were never started.")
HOST_CPU = Metric("locust_host_cpu_ratio", "gauge", "CPU in use on a host of the load; 1 is all its cores.", HOST)
HOST_MEMORY = Metric("locust_host_memory_used_bytes", "gauge", "Memory in use on a host of the load.", HOST)
HOST_NETWORK = Metric(
    "locust_host_network_bytes_total", "counter", "Bytes a host of the load received and sent.", (*HOST, "direction")
)
HOST_DISK = Metric(
    "locust_host_disk_bytes_total", "counter", "Bytes a host of the load read and wrote.", (*HOST, "direction")
)
VERDICT = Metric(
    "perf_run_verdict", "gauge", "1 for the verdict of the last finished run, 0 for the others.", ("verdict",)
)
VALIDITY = Metric(
    "perf_run_validity",
    "gauge",
    "1 for the validity of the last finished run, 0 for the others: whether it measured what it says.",
    ("validity",),
)
FUNCTIONAL = Metric(
    "perf_functional_tests", "gauge", "Functional tests of the last run by their outcome.", ("outcome",)
)
FUNCTIONAL_AT = Metric(
    "perf_functional_last_run_timestamp_seconds", "gauge", "When the functional tests last ended, in Unix seconds."
)
NOTIFICATIONS = Metric(
    "perf_notifications_total", "counter", "Mails and webhooks by what became of them.", ("channel", "outcome")
)

METRICS = (
    UP, RUN_INFO, RUN_STATE, USERS, USERS_TARGET, WORKERS, WORKER_CPU, WORKER_LAG, REQUESTS, FAILURES, DURATION,
    BYTES, CAPTURED, LOST, FOLDED, PACING, LATE, DROPPED, HOST_CPU, HOST_MEMORY, HOST_NETWORK, HOST_DISK, VERDICT,
    VALIDITY, FUNCTIONAL, FUNCTIONAL_AT, NOTIFICATIONS,
)  # fmt: skip
