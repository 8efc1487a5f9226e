"""What the control routes tell: the snapshot for the exporter, the state of the run for people and scripts."""

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import gevent
from locust.runners import STATE_MISSING, MasterRunner

from perf_core.model.snapshot import HostReading, Snapshot, WorkerReading
from perf_locust.conductor import Conductor
from perf_locust.functional import FILE, FunctionalOutcome, read_outcome
from perf_locust.messages import MASTER
from perf_locust.native_thread import in_native_thread
from perf_locust.snapshot_text import snapshot_text

PATIENCE = 0.5
"""Seconds after which a snapshot is written in haste: a scrape waits for a few seconds only."""
OUTCOMES = ("passed", "failed", "skipped")


def take_snapshot(conductor: Conductor) -> str:
    """Return the counters and readings of this master as JSON; the loop goes on while it is written."""
    began = time.perf_counter()

    def breathe() -> None:
        """Let sockets and timers have their turn, too; on a loop that hardly gets to them, only who waits to run."""
        gevent.sleep(1e-6 if time.perf_counter() - began < PATIENCE else 0)

    return snapshot_text(_head(conductor), worker_readings(conductor), conductor.live, breathe)


def _head(conductor: Conductor) -> Snapshot:
    session, last, runner = conductor.session, conductor.last, conductor.environment.runner
    info = session.info if session is not None else (last.info if last is not None else None)
    tested = _tested(conductor.store.root)
    return Snapshot(
        state=conductor.state,
        run_id=info.id if info else None,
        scenario=info.scenario if info else "",
        target=info.target if info else "",
        started=info.started if info else None,
        users=runner.user_count if runner else 0,
        users_target=runner.target_user_count if session and runner else 0,
        workers=(),
        hosts=_hosts(conductor),
        endpoints=(),
        captured=conductor.live.captured,
        lost=conductor.lost,
        folded=conductor.live.folded,
        late=conductor.live.late,
        dropped=conductor.live.dropped,
        pacing=conductor.pacing if session is not None else None,
        verdict=str(last.comparison.verdict) if last and last.comparison.verdict else None,
        validity=str(last.info.validity) if last else None,
        notifications=dict(conductor.postman.outcomes),
        functional_tests={name: getattr(tested, name) for name in OUTCOMES} if tested else {},
        functional_at=tested.at if tested else None,
        ended=info.ended if info and session is None else None,
        now=time.time(),
    )


def run_status(conductor: Conductor) -> dict[str, Any]:
    """Return the state of the run that is on, or of none."""
    session, last, runner = conductor.session, conductor.last, conductor.environment.runner
    recent = conductor.live.recent(time.time())
    info = session.info if session else None
    return {
        "run_id": info.id if info else None,
        "state": conductor.state,
        "ready": conductor.ready,
        "scenario": info.scenario if info else None,
        "target": info.target if info else None,
        "started": info.started if info else None,
        "elapsed": session.elapsed if session else None,
        "run_time": info.run_time if info else None,
        "users": runner.user_count if runner else 0,
        "requests": session.ledger.requests if session else 0,
        "failures": session.ledger.failures if session else 0,
        "rate": recent.rate if session else 0.0,
        "p50": recent.p50,
        "p95": recent.p95,
        "workers": len(worker_readings(conductor)),
        "verdict": str(last.comparison.verdict) if last and last.comparison.verdict else None,
        "last_run_id": last.info.id if last else None,
        "message": conductor.message,
        "write_error": session.ledger.write_error if session else None,
    }


def ready_workers(conductor: Conductor) -> int:
    """Return how many workers wait for a run."""
    runner = conductor.environment.runner
    return len(runner.clients.ready) if isinstance(runner, MasterRunner) else 1


def _tested(runs: Path) -> FunctionalOutcome | None:
    """Return the last functional run; its file is read only when it is another than at the last scrape."""
    try:
        changed = (runs / FILE).stat().st_mtime_ns
    except OSError:
        return None
    return _read(runs, changed)


@lru_cache(maxsize=2)
def _read(runs: Path, changed: int) -> FunctionalOutcome | None:  # noqa: ARG001  another time, another file
    return in_native_thread(read_outcome, runs)


def worker_readings(conductor: Conductor) -> tuple[WorkerReading, ...]:
    """Return the workers as Locust and their own readings tell of them."""
    runner = conductor.environment.runner
    if not isinstance(runner, MasterRunner):
        return ()
    readings = conductor.live.gauges
    return tuple(
        WorkerReading(
            worker.id,
            worker.state,
            worker.user_count,
            readings.get(worker.id, {}).get("cpu_ratio", 0.0),
            readings.get(worker.id, {}).get("loop_lag_seconds", 0.0),
        )
        for worker in runner.clients.all
    )


def _hosts(conductor: Conductor) -> tuple[HostReading, ...]:
    nodes: dict[tuple[str, str], dict[str, float]] = {}
    here = _here(conductor)
    for worker, reading in conductor.live.gauges.items():
        if worker.startswith(MASTER):
            nodes[worker.removeprefix(MASTER), "master"] = reading
        elif here is None or worker in here:
            nodes[worker.rsplit("_", 1)[0], "injector"] = reading
    return tuple(
        HostReading(
            node,
            role,
            reading.get("host_cpu_ratio", 0.0),
            int(reading.get("host_memory_used_bytes", 0)),
            _network(reading, "received"),
            _network(reading, "sent"),
            int(reading.get("host_disk_read_bytes", 0)),
            int(reading.get("host_disk_written_bytes", 0)),
        )
        for (node, role), reading in nodes.items()
    )


def _here(conductor: Conductor) -> frozenset[str] | None:
    """Return the workers that a master sees; None in a single process. The host of a worker that left is not read."""
    runner = conductor.environment.runner
    if not isinstance(runner, MasterRunner):
        return None
    return frozenset(worker.id for worker in runner.clients.all if worker.state != STATE_MISSING)


def _network(reading: dict[str, float], direction: str) -> int:
    """Return the counter of the host; in a container there is only that of its own network."""
    inside = reading.get(f"container_network_{direction}_bytes", 0.0)
    return int(reading.get(f"host_network_{direction}_bytes", inside))
