"""What the control routes tell: the snapshot for the exporter, the state of the run for people and scripts."""

import time
from typing import Any

from locust.runners import MasterRunner

from perf_core.model.snapshot import HostReading, Snapshot, WorkerReading
from perf_locust.conductor import Conductor


def take_snapshot(conductor: Conductor) -> Snapshot:
    """Return the counters and readings of this master."""
    session, last, runner = conductor.session, conductor.last, conductor.environment.runner
    info = session.info if session is not None else (last.info if last is not None else None)
    return Snapshot(
        state=conductor.state,
        run_id=info.id if info else None,
        scenario=info.scenario if info else "",
        target=info.target if info else "",
        started=info.started if info else None,
        users=runner.user_count if runner else 0,
        users_target=session.info.users if session else 0,
        workers=_workers(conductor),
        hosts=_hosts(conductor),
        endpoints=conductor.live.endpoints(),
        captured=conductor.live.captured,
        lost=conductor.lost,
        folded=conductor.live.folded,
        verdict=str(last.comparison.verdict) if last and last.comparison.verdict else None,
        notifications=dict(conductor.postman.outcomes),
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
        "workers": len(_workers(conductor)),
        "verdict": str(last.comparison.verdict) if last and last.comparison.verdict else None,
        "last_run_id": last.info.id if last else None,
        "message": conductor.message,
        "write_error": session.ledger.write_error if session else None,
    }


def _workers(conductor: Conductor) -> tuple[WorkerReading, ...]:
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
    nodes: dict[str, dict[str, float]] = {}
    for worker, reading in conductor.live.gauges.items():
        nodes[worker.rsplit("_", 1)[0]] = reading
    return tuple(
        HostReading(
            node,
            "injector",
            reading.get("host_cpu_ratio", 0.0),
            int(reading.get("host_memory_used_bytes", 0)),
            int(reading.get("host_network_received_bytes", 0)),
            int(reading.get("host_network_sent_bytes", 0)),
            int(reading.get("host_disk_read_bytes", 0)),
            int(reading.get("host_disk_written_bytes", 0)),
        )
        for node, reading in nodes.items()
    )
