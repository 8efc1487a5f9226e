"""Whether a run measured what it says: pure rules over what was recorded and what went wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from perf_core.compare.stretches import never_steady
from perf_core.model.series import GaugeSeries, Recording
from perf_core.model.verdict import Validity
from perf_core.units import format_share
from perf_locust.messages import MASTER

MINIMUM_REQUESTS = 50
OFTEN = 0.2
"""Share of the readings above a limit that makes it count."""
SKEW_LIMIT = 0.5
"""Seconds between the clocks of two workers."""
FAILURE_LIMIT = 0.5
USERS_LIMIT = 0.95
DROPPED_LIMIT = 0.001
"""Share of the starts of an arrival rate that may be dropped."""


@dataclass(frozen=True, slots=True)
class _Limit:
    """A reading of the workers above which they distort what they measure."""

    gauge: str
    value: float
    sentence: str
    remedy: str


_LIMITS = (
    _Limit("cpu_ratio", 0.9, "a worker used more than {:.0%} of its CPU", "add workers"),
    _Limit("loop_lag_seconds", 0.25, "a worker's event loop was over {:g} s late", "add workers"),
    _Limit(
        "container_throttled_ratio",
        0.1,
        "the container of a worker was throttled in more than {:.0%} of its CPU periods",
        "raise its CPU limit or add workers",
    ),
    _Limit(
        "container_memory_ratio",
        0.9,
        "the container of a worker used more than {:.0%} of its memory limit",
        "raise the limit or add workers",
    ),
    _Limit(
        "users_gone_ratio",
        0.05,
        "more than {:.0%} of the users of a worker had ended by themselves",
        "its log says what their on_start raised, or their locustfile stops them",
    ),
)


@dataclass(frozen=True, slots=True)
class Incidents:
    """What went wrong outside the samples.

    Attributes:
        lost_workers: a sentence for each worker that went away without emptying itself.
        silent_workers: workers that had users and sent no samples at all.
        interrupted: the master ended before the run did.
        unwritten_frames: frames that never reached the disk.
        clock_skew: largest distance in seconds between the clocks of two workers.
        refused: why the run could not start; None when it did.
    """

    lost_workers: tuple[str, ...] = ()
    silent_workers: tuple[str, ...] = ()
    interrupted: bool = False
    unwritten_frames: int = 0
    clock_skew: float = 0.0
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Validity with its reasons as sentences."""

    validity: Validity
    reasons: tuple[str, ...]


def judge(recording: Recording, incidents: Incidents) -> Judgement:
    """Return whether the recording can be believed."""
    invalid = tuple(_invalid(recording, incidents))
    if invalid:
        return Judgement(Validity.INVALID, invalid)
    suspect = (*_lost(recording, incidents), *_distorted(recording), *_short(recording), *_dropped(recording.gauges))
    suspect += tuple(_unsteady(recording))
    return Judgement(Validity.SUSPECT if suspect else Validity.VALID, suspect)


def _invalid(recording: Recording, incidents: Incidents) -> Iterator[str]:
    if incidents.refused:
        yield incidents.refused
    elif not recording.requests and not recording.info.target:
        yield "no request was recorded, and no host is known; name it with --host or in the locustfile"
    elif not recording.requests:
        yield "no request was recorded; check that the locustfile has tasks and that the run is long enough"
    elif recording.failures == recording.requests:
        yield f"all {recording.requests} requests failed; check the target and the locustfile"


def _lost(recording: Recording, incidents: Incidents) -> Iterator[str]:
    if incidents.interrupted:
        yield "the master ended before the run did; this is what was on disk and in the spools"
    yield from (f"lost: {sentence}" for sentence in incidents.lost_workers)
    for worker in incidents.silent_workers:
        yield f"worker {worker} had users and sent no samples; start every worker with `python -m perf_locust`"
    if recording.missing_frames:
        yield f"{recording.missing_frames} second(s) of samples of a worker never reached the master"
    if recording.dropped:
        yield f"{recording.dropped} requests were dropped because the master took no frames for too long"
    if incidents.unwritten_frames:
        yield f"{incidents.unwritten_frames} frame(s) could not be written to the volume"
    if incidents.clock_skew > SKEW_LIMIT:
        yield f"the clocks of the workers differ by {incidents.clock_skew:.1f} s; synchronise them"


def _distorted(recording: Recording) -> Iterator[str]:
    for limit in _LIMITS:
        share = _share_above(recording.gauges, limit.gauge, limit.value)
        if share > OFTEN:
            yield f"{limit.sentence.format(limit.value)} in {share:.0%} of the readings; {limit.remedy}"
    reached, asked = _users_reached(recording.gauges), recording.info.users
    if asked and reached < USERS_LIMIT * asked:
        yield f"{reached} of {asked} users were started; lower --users or raise --spawn-rate or the run time"


def _short(recording: Recording) -> Iterator[str]:
    if recording.requests < MINIMUM_REQUESTS:
        yield f"only {recording.requests} requests were recorded; run longer or with more users"
    share = recording.failures / recording.requests
    if share > FAILURE_LIMIT:
        yield f"{format_share(share)} of the requests failed"


def _dropped(gauges: tuple[GaugeSeries, ...]) -> Iterator[str]:
    """Tell starts of an arrival rate that never began: the load was not what was asked for."""
    due, dropped, cut_off = (_counted(gauges, f"arrivals_{name}") for name in ("due", "dropped", "cut_off"))
    dropped -= cut_off  # when users are stopped, no load was to come
    if dropped > DROPPED_LIMIT * due:
        yield f"{dropped:.0f} of {due:.0f} starts of the arrival rate were dropped: no user was free; raise --users"


def _counted(gauges: tuple[GaugeSeries, ...], name: str) -> float:
    return float(sum(gauge.values.max() for gauge in gauges if gauge.name == name and gauge.values.size))


def _unsteady(recording: Recording) -> Iterator[str]:
    sentence = never_steady(recording)
    if sentence:
        yield sentence


def _share_above(gauges: tuple[GaugeSeries, ...], name: str, limit: float) -> float:
    """Return the largest share of a worker's readings above the limit; a worker that came or left says too little."""
    read = [each.values for each in gauges if each.name == name and not each.source.startswith(MASTER)]
    fewest = max(4, max(map(len, read), default=0) / 2)
    return max((float((values > limit).mean()) for values in read if len(values) >= fewest), default=0.0)


def _users_reached(gauges: tuple[GaugeSeries, ...]) -> int:
    """Return the most users at once: the workers' readings are of the same second, so their maxima add up."""
    return int(sum(np.max(gauge.values) for gauge in gauges if gauge.name == "users"))
