"""What Prometheus knows of the target during a run: asked once, at its end."""

import json
import logging
import time
from collections.abc import Mapping

from perf_core.adapters.prometheus import query_range
from perf_core.errors import DeliveryError, UsageError
from perf_core.model.run import RunInfo
from perf_core.model.series import GaugeSeries
from perf_core.report.links import http_address

log = logging.getLogger(__name__)

_API = "and on (job, instance) http_server_active_requests"
QUERIES = {
    "CPU of the service (cores)": f"sum(rate(process_cpu_seconds_total[30s]) {_API})",
    "Memory of the service (bytes)": f"sum(process_resident_memory_bytes {_API})",
    "Throttled CPU of the service (ratio)": (
        "sum(rate(container_cpu_cfs_throttled_periods_total[1m])) / sum(rate(container_cpu_cfs_periods_total[1m]))"
    ),
    "Cache hits (ratio)": (
        'sum(rate(cache_requests_total{result="hit"}[30s])) / sum(rate(cache_requests_total[30s]))'
    ),
    "Database p95 (seconds)": (
        "histogram_quantile(0.95, sum by (le) (rate(db_operation_duration_seconds_bucket[30s])))"
    ),
}
"""What people look at first; PERF_PROMETHEUS_QUERIES adds to it or replaces by name."""
_BUDGET = 40.0
"""Seconds for all queries: a Prometheus that hangs must not hold up the report."""


def read_target(info: RunInfo, environment: Mapping[str, str]) -> tuple[GaugeSeries, ...]:
    """Return the target's series over the time of the run; what cannot be answered is logged and left out.

    Raises:
        UsageError: a setting makes no sense.
        DeliveryError: no query was answered.
    """
    url, queries = http_address(environment, "PERF_PROMETHEUS_URL"), queries_of(environment)
    if url is None or info.started is None or info.ended is None:
        return ()
    found: list[GaugeSeries] = []
    problems: list[DeliveryError] = []
    deadline = time.monotonic() + _BUDGET
    for name, query in queries.items():
        if time.monotonic() > deadline:
            break
        try:
            found += query_range(url, name, query, info.started, info.ended)
        except DeliveryError as cause:
            log.warning("%s", cause)
            problems.append(cause)
    if not found and problems:
        raise problems[0]
    return tuple(found)


def queries_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return name -> PromQL: ours and those of PERF_PROMETHEUS_QUERIES, a JSON object; an empty query removes one.

    Raises:
        UsageError: the variable holds no such object.
    """
    text = environment.get("PERF_PROMETHEUS_QUERIES", "").strip()
    try:
        own = json.loads(text) if text else {}
    except ValueError as cause:
        raise UsageError(f"PERF_PROMETHEUS_QUERIES is no JSON ({cause}); write {{'name': 'PromQL'}}") from cause
    if not isinstance(own, dict) or not all(isinstance(each, str) for each in own.values()):
        raise UsageError('PERF_PROMETHEUS_QUERIES is no object of texts; write {"name": "PromQL"}')
    return {name: query for name, query in {**QUERIES, **own}.items() if query}
