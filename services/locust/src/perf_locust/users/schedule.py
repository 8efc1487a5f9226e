"""When starts of an arrival rate are due: one schedule for all workers, each of which takes every n-th start.

A rate is a function of the seconds since the run began; its integral says how many starts are due by then. Constant
and staged rates start where the integral passes a whole number, Poisson ones where it has grown by an exponential
amount. Worker i of n takes the starts whose number is i modulo n: evenly spread, without a word between them.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from perf_core.errors import UsageError

MOST = 1e6


@dataclass(frozen=True, slots=True)
class Rate:
    """Starts per second over all workers together, as straight lines between points.

    Attributes:
        points: (seconds since the begin, starts per second); before the first and after the last it stays as it is.
        poisson: starts come at random, as from many independent people; else evenly.
    """

    points: tuple[tuple[float, float], ...]
    poisson: bool = False

    def __post_init__(self) -> None:
        """Check the points.

        Raises:
            UsageError: times do not rise, or a rate is below zero or no number.
        """
        times = [at for at, _ in self.points]
        if not times or sorted(set(times)) != times or times[0] < 0:
            raise UsageError(f"the stages begin at {times} s; let them rise from 0")
        for _, rate in self.points:
            if not 0 <= rate <= MOST:
                raise UsageError(f"an arrival rate is {rate!r}; give starts per second from 0 to {MOST:g}")
        if not any(rate for _, rate in self.points):
            raise UsageError("an arrival rate is 0 all the time; give starts per second above 0")

    def __str__(self) -> str:
        """Return the rate in words, the same for the same rate."""
        kind = "Poisson " if self.poisson else ""
        if len(self.points) == 1:
            return f"{kind}{self.points[0][1]:g}/s"
        return kind + ", ".join(f"{rate:g}/s at {at:g} s" for at, rate in self.points)

    def due_by(self, seconds: float) -> float:
        """Return the number of starts that are due so long after the begin."""
        total, (at, rate) = 0.0, (0.0, self.points[0][1])
        for then, after in self.points:
            if then >= seconds:
                slope = (after - rate) / (then - at) if then > at else 0.0
                return total + (seconds - at) * (rate + slope * (seconds - at) / 2)
            total += (then - at) * (rate + after) / 2
            at, rate = then, after
        return total + (seconds - at) * rate

    def when(self, starts: float) -> float:
        """Return the seconds after which so many starts are due; infinity when that never happens."""
        marks = [self.due_by(at) for at, _ in self.points]
        stage = bisect_right(marks, starts) - 1
        at, rate = self.points[stage] if stage >= 0 else (0.0, self.points[0][1])
        rest = starts - (marks[stage] if stage >= 0 else 0.0)
        slope = 0.0
        if 0 <= stage < len(self.points) - 1:
            then, after = self.points[stage + 1]
            slope = (after - rate) / (then - at)
        if abs(slope) < 1e-12:
            return at + rest / rate if rate > 0 else math.inf
        return at + (math.sqrt(max(rate * rate + 2 * slope * rest, 0.0)) - rate) / slope


class Share:
    """The starts of one worker: number `index` of `count`; with a `count` of 0, none."""

    def __init__(self, rate: Rate, index: int, count: int, passed: float, random: Random) -> None:
        """Begin with the first start that is due after `passed` seconds since the begin of the run."""
        self._rate, self._count, self._random = rate, count, random
        due = rate.due_by(passed)
        if not count:
            self._next = math.inf
        elif rate.poisson:
            self._next = due + random.expovariate(1.0) * count
        else:
            self._next = math.floor(due) + 1 + (index - math.floor(due) - 1) % count

    @property
    def next(self) -> float:
        """When the next start is due, in seconds since the begin; infinity when there is none."""
        return self._rate.when(self._next)

    def take(self) -> float:
        """Return when the next start is due, and go on to the one after it."""
        at = self.next
        self._next += self._random.expovariate(1.0) * self._count if self._rate.poisson else self._count
        return at

    def is_due(self, passed: float) -> bool:
        """Return whether a start is due after so many seconds."""
        return self._next <= self._rate.due_by(passed)

    def skip(self, passed: float) -> int:
        """Leave out what is due after so many seconds; return how many starts that is."""
        left = (self._rate.due_by(passed) - self._next) / self._count if self.is_due(passed) else -1.0
        if left < 0:
            return 0
        if self._rate.poisson:
            skipped = 1 + max(round(self._random.normalvariate(left, math.sqrt(left))), 0)
            self._next += (left + self._random.expovariate(1.0)) * self._count
        else:
            skipped = 1 + math.floor(left)
            self._next += skipped * self._count
        return skipped

    def until(self, passed: float) -> Iterator[float]:
        """Take the starts that a share which begins after `passed` seconds does not have."""
        last = self._rate.due_by(passed)
        while self._next <= last:
            yield self.take()


def constant_rate(rate: float) -> Rate:
    """Return a rate of so many starts per second."""
    return Rate(((0.0, rate),))


def poisson_rate(rate: float) -> Rate:
    """Return a rate whose starts come at random, so many per second on average."""
    return Rate(((0.0, rate),), poisson=True)


def staged_rate(stages: Sequence[tuple[float, float]], *, poisson: bool = False) -> Rate:
    """Return a rate that goes in straight lines through ``(seconds since the begin, starts per second)``."""
    return Rate(tuple((float(at), float(rate)) for at, rate in stages), poisson)
