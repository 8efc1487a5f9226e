"""The statistics of a plain Locust (`/stats/requests`), read once, with milliseconds turned into seconds."""

import json
from dataclasses import dataclass
from typing import Any

from perf_core.errors import PerfError
from perf_core.model.snapshot import EndpointCounters, Snapshot, WorkerReading
from perf_core.units import seconds_from_ms

AGGREGATED = "Aggregated"
_STATES = {"ready": "idle", "stopped": "idle", "missing": "idle", "cleanup": "stopping"}
OTHER = "other"


@dataclass(frozen=True, slots=True)
class PlainEndpoint:
    """One row of Locust's table; times are seconds since the start of its statistics, rates per second of now."""

    method: str
    name: str
    requests: int
    failures: int
    average: float
    minimum: float
    maximum: float
    median: float
    rate: float
    failure_rate: float
    average_bytes: float


@dataclass(frozen=True, slots=True)
class PlainError:
    """One row of Locust's table of failures; the text comes from outside."""

    method: str
    name: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class PlainWorker:
    """One worker as Locust's master sees it; its CPU is a ratio, 1 = one core."""

    id: str
    state: str
    users: int
    cpu_ratio: float


@dataclass(frozen=True, slots=True)
class PlainStats:
    """What Locust's page is drawn from. `total` is its row of all requests; p50 and p95 are of the last seconds."""

    state: str
    users: int
    endpoints: tuple[PlainEndpoint, ...]
    total: PlainEndpoint | None
    errors: tuple[PlainError, ...]
    workers: tuple[PlainWorker, ...]
    failure_ratio: float
    p50: float | None
    p95: float | None

    @classmethod
    def from_json(cls, text: bytes) -> "PlainStats":
        """Return the statistics of an answer.

        Raises:
            PerfError: the text is not what Locust answers.
        """
        try:
            raw: dict[str, Any] = json.loads(text)
            rows = [_endpoint(row) for row in raw["stats"]]
            recent = raw.get("current_response_time_percentiles") or {}
            return cls(
                state=str(raw["state"]),
                users=int(raw["user_count"]),
                endpoints=tuple(row for row in rows if row.name not in {AGGREGATED, "Total"} or row.method),
                total=next((row for row in rows if row.name in {AGGREGATED, "Total"} and not row.method), None),
                errors=tuple(
                    PlainError(row["method"] or "", row["name"], str(row["error"]), int(row["occurrences"]))
                    for row in raw.get("errors", ())
                ),
                workers=tuple(_worker(row) for row in raw.get("workers", ())),
                failure_ratio=float(raw.get("fail_ratio") or 0),
                p50=_seconds(recent.get("response_time_percentile_0.5")),
                p95=_seconds(recent.get("response_time_percentile_0.95")),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as cause:
            raise PerfError(
                f"/stats/requests is not what Locust answers ({cause!r}); does --master name Locust's web UI?"
            ) from cause

    def snapshot(self) -> Snapshot:
        """Return what these statistics have of a snapshot: no distribution, but exact counts and sums."""
        return Snapshot(
            state=_STATES.get(self.state, self.state),
            run_id="",
            scenario="",
            target="",
            started=0.0,
            users=self.users,
            users_target=0,
            workers=tuple(
                WorkerReading(each.id, each.state, each.users, each.cpu_ratio, 0.0) for each in self.workers
            ),
            hosts=(),
            endpoints=tuple(_counters(row) for row in self.endpoints),
            bounds=(),
        )


def _endpoint(row: dict[str, Any]) -> PlainEndpoint:
    def seconds(name: str) -> float:
        return _seconds(row.get(name)) or 0.0

    return PlainEndpoint(
        method=str(row.get("method") or ""),
        name=str(row["name"]),
        requests=int(row["num_requests"]),
        failures=int(row["num_failures"]),
        average=seconds("avg_response_time"),
        minimum=seconds("min_response_time"),
        maximum=seconds("max_response_time"),
        median=seconds("median_response_time"),
        rate=float(row.get("current_rps") or 0),
        failure_rate=float(row.get("current_fail_per_sec") or 0),
        average_bytes=float(row.get("avg_content_length") or 0),
    )


def _worker(row: dict[str, Any]) -> PlainWorker:
    return PlainWorker(
        str(row["id"]), str(row["state"]), int(row["user_count"]), float(row.get("cpu_usage") or 0) / 100
    )


def _counters(row: PlainEndpoint) -> EndpointCounters:
    return EndpointCounters(
        row.method,
        row.name,
        row.requests,
        {OTHER: row.failures},
        round(row.average_bytes * row.requests),
        row.average * row.requests,
        (row.requests,),
    )


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else seconds_from_ms(float(milliseconds))
