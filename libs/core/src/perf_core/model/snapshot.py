"""The live state of a master, as `GET /perf/snapshot` tells it: counters since the master's start, across runs.

The exporter turns it into metrics; nothing in it is a rate or a quantile, so any reader can take differences.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from perf_core.errors import PerfError

BOUNDS: tuple[float, ...] = tuple(
    sorted({2.0**exponent for exponent in range(-10, 5)} | {1.5 * 2.0**exponent for exponent in range(-8, 1)})
)
"""Upper bounds in seconds of the classic histograms: powers of two and midpoints, exact edges of our buckets."""


@dataclass(frozen=True, slots=True)
class EndpointCounters:
    """Counters of one endpoint. `counts` has one entry per bound and a last one above all bounds, not cumulative."""

    method: str
    name: str
    requests: int
    failures: dict[str, int]
    """Error class -> count; the classes seen are few and bounded."""
    bytes: int
    total_time: float
    counts: tuple[int, ...]
    last_at: float = 0.0
    """When requests last came in, on the master's clock: tells this run's endpoints from those of an earlier one."""


@dataclass(frozen=True, slots=True)
class WorkerReading:
    """The last reading of one worker; `state` is ready, spawning, running, stopping or missing."""

    id: str
    state: str
    users: int
    cpu_ratio: float
    loop_lag: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class HostReading:
    """The last reading of one injector host or of the master's. Byte counts are counters."""

    node: str
    role: str
    cpu_ratio: float
    memory_used_bytes: int
    network_received_bytes: int
    network_sent_bytes: int
    disk_read_bytes: int
    disk_written_bytes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the master tells about itself. Times are Unix seconds.

    Attributes:
        state: idle, spawning, running, stopping, finishing.
        run_id: of the run that is on, or of the last one; None when there was none.
        scenario: of that run.
        target: of that run.
        started: of that run.
        users_target: users asked for; 0 when no run is on.
        verdict: of the last finished run in this process; None while there is none.
        validity: of the last finished run in this process; None while there is none.
        captured: requests recorded since the master's start.
        lost: requests known to be lost since the master's start.
        folded: series folded into "other" because there were too many endpoints.
        notifications: "channel outcome" -> count, e.g. {"mail sent": 1}.
        functional_tests: outcome -> count of the last functional run.
        ended: end of the load of the last run; None while a run is on or when there was none.
        now: the master's clock when this was told; ages are taken from it, never from the reader's clock.
    """

    state: str
    run_id: str | None
    scenario: str
    target: str
    started: float | None
    users: int
    users_target: int
    workers: tuple[WorkerReading, ...]
    hosts: tuple[HostReading, ...]
    endpoints: tuple[EndpointCounters, ...]
    captured: int = 0
    lost: int = 0
    folded: int = 0
    late: int = 0
    dropped: int = 0
    pacing: float | None = None
    verdict: str | None = None
    validity: str | None = None
    notifications: dict[str, int] = field(default_factory=dict)
    functional_tests: dict[str, int] = field(default_factory=dict)
    functional_at: float | None = None
    ended: float | None = None
    now: float = 0.0
    bounds: tuple[float, ...] = BOUNDS

    def to_json(self) -> str:
        """Return the snapshot as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Snapshot":
        """Return the snapshot of `to_json`; unknown fields of a newer master are ignored.

        Raises:
            PerfError: the text is no snapshot.
        """
        try:
            raw: dict[str, Any] = json.loads(text)
            known = _known(cls, raw)
            known["workers"] = tuple(WorkerReading(**_known(WorkerReading, each)) for each in raw["workers"])
            known["hosts"] = tuple(HostReading(**_known(HostReading, each)) for each in raw["hosts"])
            known["endpoints"] = tuple(
                EndpointCounters(**_known(EndpointCounters, {**each, "counts": tuple(each["counts"])}))
                for each in raw["endpoints"]
            )
            known["bounds"] = tuple(raw["bounds"])
            return cls(**known)
        except (AttributeError, KeyError, TypeError, ValueError) as cause:
            raise PerfError(
                f"the master's answer is not a snapshot ({cause}); is it a perf-platform master?"
            ) from cause


def _known(kind: type[Any], raw: dict[str, Any]) -> dict[str, Any]:
    return {name: raw[name] for name in kind.__dataclass_fields__ if name in raw}
