"""The compared part of a run: stretches of time of one load each, without ramp-up, warm-up and unsettled seconds."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from perf_core.model.histogram import FloatArray
from perf_core.model.run import Interval, RunEvent, RunInfo
from perf_core.model.series import Recording
from perf_core.stats.warm_up import Trend, medians_by_second, trend, warm_up_length
from perf_core.stats.windows import second_range

CHANGES = ("stage", "users_changed", "pacing_changed", "mix_changed")
"""Kinds of events with which another load begins."""
LONGEST = 14 * 86400
"""Seconds of a run beyond which its course is not looked at: one wrong time among imported rows makes years."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole Unix seconds [first, end) of one stage; the stage is empty where the load is what the run began with."""

    first: int
    end: int
    stage: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How the median of all requests went, second by second from the end of the ramp-up on."""

    ramp_up: int
    """Seconds from the start."""
    medians: FloatArray
    """Empty when the load was meant to change, and for runs of weeks."""

    def warm_up(self, declared: float | None) -> int:
        """Return the seconds from the start that are ramp-up and then warm-up: as `declared`, else by MSER-5."""
        return self.ramp_up + (warm_up_length(self.medians) if declared is None else math.ceil(declared))

    def trend(self, trimmed: int) -> Trend:
        """Return the trend without the first `trimmed` seconds of the run."""
        return trend(self.medians[max(trimmed - self.ramp_up, 0) :])


def course(recording: Recording) -> Course:
    """Return the course of a run."""
    start, end = second_range(recording)
    ramp_up = min(math.ceil(recording.info.ramp_up), end - start)
    changing = recording.info.blocks or _changes(recording.info) or end - start > LONGEST
    return Course(ramp_up, medians_by_second(recording, end if changing else start + ramp_up, end))


def stretches(recording: Recording, trimmed: int) -> list[Stretch]:
    """Return what is left of a run without its first `trimmed` seconds, cut where the load changed.

    No stretch straddles a change of users, pacing or stage; the seconds until users had settled after it, or after
    workers came or left, are in none.
    """
    start, end = second_range(recording)
    first, load = start + trimmed, dict.fromkeys(CHANGES, "")
    found = []
    for event in _changes(recording.info):
        found.append(Stretch(first, min(math.floor(event.at), end), _name(load)))
        first = max(first, math.ceil(event.at))
        load[event.kind] = event.text if event.stage is None else event.stage
    found.append(Stretch(first, end, _name(load)))
    return _without(found, recording.info.unsettled)


def never_steady(recording: Recording) -> str | None:
    """Return why a run never reached a steady state, None when it did or when its load was meant to change."""
    found = course(recording)
    drift = found.trend(found.warm_up(None))
    if drift.steady:
        return None
    return f"it never reached a steady state: {trend_text(drift)}; look for a leak, or a cache that fills"


def trend_text(found: Trend) -> str:
    """Return ``its median moved by +23 % from start to end (p = 0.0002)``."""
    return f"its median moved by {found.change * 100:+.0f} % from start to end (p = {found.p_value:.1g})"


def _changes(info: RunInfo) -> list[RunEvent]:
    return sorted((event for event in info.events if event.kind in CHANGES), key=lambda event: event.at)


def _name(load: dict[str, str]) -> str:
    return ", ".join(part for part in load.values() if part)


def _without(found: Iterable[Stretch], unsettled: Sequence[Interval]) -> list[Stretch]:
    left = list(found)
    for gap in unsettled:
        low, high = math.floor(gap.start), math.ceil(gap.end)
        left = [part for each in left for part in _cut(each, low, high)]
    return [each for each in left if each.end > each.first]


def _cut(part: Stretch, low: int, high: int) -> tuple[Stretch, ...]:
    """Return what [low, high) leaves of a stretch."""
    if high <= part.first or low >= part.end:
        return (part,)
    return Stretch(part.first, low, part.stage), Stretch(high, part.end, part.stage)
