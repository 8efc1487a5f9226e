"""The metrics of one application, in a registry of their own, so that two applications in a process do not mix."""

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from perf_api.metrics.durations import RequestDurations

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper edges in seconds; the deadline of a request lies between the last two."""


class Metrics:
    """Registry and instruments; caches and the metrics controller add collectors of their own to the registry."""

    def __init__(self) -> None:
        """Register everything; process figures (CPU, memory, file handles, garbage collections) included."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each, read by nobody
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.request_duration = RequestDurations(BUCKETS)
        self.registry.register(self.request_duration)
        self.active_requests = Gauge(
            "http_server_active_requests", "Requests that are being served now.", registry=self.registry
        )
        self.operation_duration = Histogram(
            "db_operation_duration_seconds",
            "Time an operation of the database took, waiting for its turn included.",
            ("collection", "operation", "outcome"),
            buckets=BUCKETS,
            registry=self.registry,
        )
