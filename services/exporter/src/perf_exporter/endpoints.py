"""Which endpoints a scrape shows: those of the run that is on or just ended, and no more than the cap."""

from collections import Counter
from dataclasses import dataclass

from perf_core.model.snapshot import EndpointCounters, Snapshot
from perf_exporter.plain_stats import OTHER


@dataclass(frozen=True, slots=True)
class Shown:
    """The endpoints of one scrape; `folded` counts the requests that went into the one called other."""

    endpoints: tuple[EndpointCounters, ...]
    folded: int


def is_current(snapshot: Snapshot, keep: float) -> bool:
    """Return whether a run is on, or ended less than `keep` seconds ago on the master's clock."""
    if snapshot.run_id is None:
        return False
    return snapshot.ended is None or snapshot.now - snapshot.ended < keep


def shown(snapshot: Snapshot, keep: float, most: int) -> Shown:
    """Return the endpoints to show: at most `most` and the one called other, whose counters never fall.

    The master tells endpoints in the order in which they were met, so it is always the same ones that are folded.
    """
    kept, rest = snapshot.endpoints[:most], snapshot.endpoints[most:]
    folded = sum(each.requests for each in rest if (each.method, each.name) != ("", OTHER))
    if rest:
        others = [each for each in snapshot.endpoints if (each.method, each.name) == ("", OTHER) and each in kept]
        kept = (*(each for each in kept if each not in others), _sum((*others, *rest)))
    return Shown(tuple(each for each in kept if _lives(each, snapshot, keep)), folded)


def _lives(endpoint: EndpointCounters, snapshot: Snapshot, keep: float) -> bool:
    if not endpoint.last_at:  # a plain Locust forgets the endpoints of earlier runs itself
        return is_current(snapshot, keep)
    of_this_run = snapshot.started is not None and endpoint.last_at >= snapshot.started
    return (of_this_run and is_current(snapshot, keep)) or snapshot.now - endpoint.last_at < keep


def _sum(endpoints: tuple[EndpointCounters, ...]) -> EndpointCounters:
    failures: Counter[str] = Counter()
    for each in endpoints:
        failures.update(each.failures)
    return EndpointCounters(
        "",
        OTHER,
        sum(each.requests for each in endpoints),
        dict(failures),
        sum(each.bytes for each in endpoints),
        sum(each.total_time for each in endpoints),
        tuple(sum(column) for column in zip(*(each.counts for each in endpoints), strict=True)),
        max(each.last_at for each in endpoints),
    )
