"""The search for the highest level that still keeps the thresholds, step by step while the load is on.

The level doubles until a step breaks a threshold, then the gap between what holds and what breaks is halved on a
logarithmic scale until it is narrower than the precision.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from perf_core.compare.threshold import parse_thresholds
from perf_locust.conductor import Conductor
from perf_locust.run_session import RunSession
from perf_locust.shape_file import LoadShape
from perf_locust.step_starts import StepStarts
from perf_locust.threshold_watch import LAG, ThresholdWatch

SETTLING = 2.0
"""Seconds of a step that are not judged, for the level has just changed."""
DROPPED = 0.001
"""Share of the starts that may be dropped: more, and the level was not reached."""
STEP_EVENT, END_EVENT = "search_step", "search_ended"


@dataclass(slots=True)
class Bounds:
    """What is known: the highest level that holds, the lowest that breaks and why."""

    shape: LoadShape
    holds: float | None = None
    breaks: float | None = None
    why: str = ""

    def next(self) -> float | None:
        """Return the level to try; None when nothing is left to find."""
        low, high = self.shape.lowest, self.shape.highest
        if self.holds is None:
            return low if self.breaks is None else None
        if self.breaks is None:
            return None if self.holds >= high else min(2 * self.holds, high)
        if self.breaks <= self.holds * (1 + self.shape.precision):
            return None
        return math.sqrt(self.holds * self.breaks)

    def told(self) -> str:
        """Return the result in words."""
        unit = " users" if self.shape.of == "users" else "/s"
        if self.holds is None:
            return f"even {self.shape.lowest:g}{unit} breaks a threshold: {self.why}"
        found = f"the highest level that keeps all thresholds is {self.holds:.4g}{unit}"
        if self.breaks is None:
            return f"{found}, the highest that was asked for"
        return f"{found}; {self.breaks:.4g}{unit} does not: {self.why}"


class Search:
    """One search in one run."""

    def __init__(self, shape: LoadShape, conductor: Conductor, clock: Callable[[], float] = time.time) -> None:
        """Begin with the lowest level when the run does."""
        self._shape, self._conductor, self._clock = shape, conductor, clock
        self._session: RunSession | None = None

    def level(self) -> float | None:
        """Return the level that the load should have now; None when the search is over."""
        session = self._conductor.session
        if session is None:
            return self._shape.lowest
        if session is not self._session:
            self._begin(session)
        if self._level is not None and self._clock() - self._since > self._shape.every + LAG:
            self._judge(session, self._level)
        return self._level

    def _begin(self, session: RunSession) -> None:
        self._session, self._bounds = session, Bounds(self._shape)
        self._watch = ThresholdWatch(session, lambda: None, parse_thresholds(dict(self._shape.thresholds)))
        self._starts = StepStarts()
        self._conductor.observers[:] = [self._watch.add, self._starts.add]
        self._try(self._bounds.next())

    def _try(self, level: float | None) -> None:
        self._level: float | None = level if level is None or self._shape.of == "rate" else float(math.ceil(level))
        self._since = self._clock()
        self._starts.begin(self._since + SETTLING)

    def _judge(self, session: RunSession, level: float) -> None:
        why = self._not_reached(session) or self._watch.broken_between(
            int(self._since + SETTLING) + 1, int(self._since + self._shape.every)
        )
        unit = " users" if self._shape.of == "users" else "/s"
        session.happened(STEP_EVENT, f"{level:.4g}{unit}: {why or 'keeps all thresholds'}")
        if why:
            self._bounds.breaks, self._bounds.why = level, why
        else:
            self._bounds.holds = level
        following = self._bounds.next()
        if (
            following is not None
            and self._shape.of == "users"
            and math.ceil(following) in {level, self._bounds.breaks}
        ):
            following = None  # users are whole
        if following is None:
            session.happened(END_EVENT, self._bounds.told())
        self._try(following)

    def _not_reached(self, session: RunSession) -> str | None:
        """Return why the load was not what the step is of; None when it was."""
        if self._starts.dropped > DROPPED * max(self._starts.due, 1):
            return "this rate was not reached: no user was free for some starts; give the shape more users"
        missed = [each for each in session.info.events if each.kind == "pacing_missed" and each.at > self._since]
        return f"this rate was not reached: {missed[0].text}" if missed else None
