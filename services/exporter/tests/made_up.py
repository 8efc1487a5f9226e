"""Made-up snapshots with figures that are easy to recognise."""

from dataclasses import replace

from perf_core.model.snapshot import BOUNDS, EndpointCounters, HostReading, Snapshot, WorkerReading


def endpoint(name: str, requests: int, /, last_at: float = 990.0, **failures: int) -> EndpointCounters:
    counts = [0] * (len(BOUNDS) + 1)
    counts[10] = requests
    return EndpointCounters("GET", name, requests, failures, requests * 100, requests * 0.02, tuple(counts), last_at)


def snapshot(*endpoints: EndpointCounters, **fields: object) -> Snapshot:
    whole = Snapshot(
        state="running",
        run_id="20260101-000000-abc",
        scenario="shop",
        target="http://127.0.0.1:1",
        started=900.0,
        users=7,
        users_target=8,
        workers=(WorkerReading("w1", "running", 4, 0.5, 0.01), WorkerReading("w2", "missing", 3, 0.1, 0.0)),
        hosts=(HostReading("box", "injector", 0.25, 1000, 1, 2, 3, 4),),
        endpoints=endpoints,
        captured=sum(each.requests for each in endpoints),
        now=1000.0,
    )
    return replace(whole, **fields)
