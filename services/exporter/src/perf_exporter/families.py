"""Everything but the endpoints, built fresh from one reading: run, users, workers, hosts, capture, verdict."""

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family

from perf_core.model.snapshot import HostReading, Snapshot, WorkerReading
from perf_exporter import catalogue as c
from perf_exporter.endpoints import is_current
from perf_exporter.reading import Reading

MOST_WORKERS = 1000
"""Workers with series of their own; their number by state always counts them all."""
NOTIFICATIONS = tuple(f"{channel} {outcome}" for channel in ("mail", "webhook") for outcome in ("sent", "failed"))
Row = tuple[tuple[str, ...], float]


def up_family(*, up: bool) -> Family:
    """Return `locust_up`, the one metric of a master that does not answer."""
    return _family(c.UP, [((), float(up))])


def families(reading: Reading, folded: int, keep: float) -> Iterator[Family]:
    """Yield the families of a reading; `folded` requests were folded here, `keep` is how long an ended run shows."""
    snapshot = reading.snapshot
    yield up_family(up=True)
    if is_current(snapshot, keep):
        yield _family(c.RUN_INFO, [((snapshot.run_id or "", snapshot.scenario, snapshot.target), 1)])
    yield _family(c.RUN_STATE, [((state,), float(state == snapshot.state)) for state in c.RUN_STATES])
    yield _family(c.USERS, [((), snapshot.users)])
    yield from _workers(snapshot.workers, recorded=reading.recorded)
    if reading.recorded:
        yield from _run(snapshot, folded)
        yield from _hosts(snapshot.hosts)
        yield from _platform(snapshot)
    elif folded:
        yield _family(c.FOLDED, [((), folded)])


def _workers(workers: tuple[WorkerReading, ...], *, recorded: bool) -> Iterator[Family]:
    states = Counter(each.state for each in workers)
    known = {**dict.fromkeys(c.WORKER_STATES, 0), **states}
    yield _family(c.WORKERS, [((state,), count) for state, count in known.items()])
    here = [each for each in workers if each.state != "missing"][:MOST_WORKERS]
    yield _family(c.WORKER_CPU, [((each.id,), each.cpu_ratio) for each in here])
    if recorded:
        yield _family(c.WORKER_LAG, [((each.id,), each.loop_lag) for each in here])


def _run(snapshot: Snapshot, folded: int) -> Iterator[Family]:
    yield _family(c.USERS_TARGET, [((), snapshot.users_target)])
    yield _family(c.CAPTURED, [((), snapshot.captured)])
    yield _family(c.LOST, [((), snapshot.lost)])
    yield _family(c.FOLDED, [((), snapshot.folded + folded)])
    yield _family(c.LATE, [((), snapshot.late)])
    yield _family(c.DROPPED, [((), snapshot.dropped)])
    if snapshot.pacing is not None:
        yield _family(c.PACING, [((), snapshot.pacing)])


def _hosts(hosts: tuple[HostReading, ...]) -> Iterator[Family]:
    yield _family(c.HOST_CPU, [((each.node, each.role), each.cpu_ratio) for each in hosts])
    yield _family(c.HOST_MEMORY, [((each.node, each.role), each.memory_used_bytes) for each in hosts])
    network = [
        ((each.node, each.role, direction), count)
        for each in hosts
        for direction, count in (("received", each.network_received_bytes), ("sent", each.network_sent_bytes))
    ]
    disk = [
        ((each.node, each.role, direction), count)
        for each in hosts
        for direction, count in (("read", each.disk_read_bytes), ("written", each.disk_written_bytes))
    ]
    yield _family(c.HOST_NETWORK, network)
    yield _family(c.HOST_DISK, disk)


def _platform(snapshot: Snapshot) -> Iterator[Family]:
    yield _family(c.VERDICT, [((verdict,), float(verdict == snapshot.verdict)) for verdict in c.VERDICTS])
    yield _family(c.VALIDITY, [((validity,), float(validity == snapshot.validity)) for validity in c.VALIDITIES])
    if snapshot.functional_at is not None:
        yield _family(c.FUNCTIONAL, [((outcome,), count) for outcome, count in snapshot.functional_tests.items()])
        yield _family(c.FUNCTIONAL_AT, [((), snapshot.functional_at)])
    counts = {**dict.fromkeys(NOTIFICATIONS, 0), **snapshot.notifications}
    rows = [(tuple(name.partition(" ")[::2]), count) for name, count in counts.items()]
    yield _family(c.NOTIFICATIONS, rows)


def _family(metric: c.Metric, rows: Iterable[Row]) -> Family:
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in rows:
        family.add_metric([label.encode("utf-8", "replace").decode() for label in labels], float(value))
    return family
