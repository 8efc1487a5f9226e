"""Hands the starts of an arrival rate to users that are free, in one process, and counts those not in time."""

import time
from collections import deque
from collections.abc import Callable
from random import Random

import gevent
from gevent.event import AsyncResult, Event

from perf_locust.users.schedule import Rate, Share, constant_rate

LATE = 0.1
"""Seconds after which a start counts as late."""
PATIENCE = 1.0
"""Seconds that a start waits for a free user before it is dropped."""


class Arrivals:
    """The starts of one user class in one process.

    Attributes:
        due: starts that were due here.
        late: those that began more than 0.1 s after they were due.
        dropped: those that never began, for no user was free within a second.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.time) -> None:
        """Wait to be told of a run."""
        self._own = self._rate = rate
        self._clock = clock
        self._idle: list[AsyncResult[float]] = []
        self._backlog: deque[float] = deque()
        self._changed = Event()
        self._greenlet: gevent.Greenlet | None = None
        self._began = 0.0
        self._index, self._count = 0, 1
        self.due = self.late = self.dropped = 0

    def __str__(self) -> str:
        """Return the locustfile's rate; a constant one as a number."""
        constant = len(self._own.points) == 1 and not self._own.poisson
        return f"{self._own.points[0][1]:g}" if constant else str(self._own)

    @property
    def running(self) -> bool:
        """Whether starts are handed out."""
        return self._greenlet is not None and not self._greenlet.ready()

    def begin(self, began: float, active: Callable[[], bool]) -> None:
        """Hand out starts from now on, counted from the Unix time `began`, as long as `active`."""
        self.end()
        self._backlog.clear()
        self.due = self.late = self.dropped = 0
        self._began, self._rate = began, self._own
        self._greenlet = gevent.spawn(self._run, active)

    def end(self) -> None:
        """Hand out nothing any more."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None

    def share(self, index: int, count: int, rate: float | None) -> None:
        """Take every `count`-th start, of another constant rate if one is set."""
        wanted = self._own if rate is None else constant_rate(rate)
        if (index, count, wanted) != (self._index, self._count, self._rate):
            self._index, self._count, self._rate = index, count, wanted
            changed, self._changed = self._changed, Event()
            changed.set()

    def take(self) -> float:
        """Wait for a start; return when it was due (Unix seconds)."""
        due = self._waiting()
        if due is None:
            turn: AsyncResult[float] = AsyncResult()
            self._idle.append(turn)
            try:
                due = turn.get()
            finally:
                if turn in self._idle:
                    self._idle.remove(turn)
        self.late += self._clock() - due > LATE
        return float(due)

    def _waiting(self) -> float | None:
        """Return the start that has waited longest, if there is one that is not too old."""
        while self._backlog:
            due = self._backlog.popleft()
            if self._clock() - due <= PATIENCE:
                return due
            self.dropped += 1
        return None

    def _run(self, active: Callable[[], bool]) -> None:
        while active() and not self._idle:
            gevent.sleep(0.01)  # until there is a user
        share = self._share()
        due = self._began + share.take()
        while active():
            changed = self._changed
            if changed.wait(min(max(due - self._clock(), 0.0), 0.5)):
                share = self._share()
                due = self._began + share.take()
            while due <= self._clock():
                self._start(due)
                due = self._began + share.take()
            while self._backlog and self._clock() - self._backlog[0] > PATIENCE:
                self._backlog.popleft()
                self.dropped += 1

    def _share(self) -> Share:
        random = Random(f"{self._began} {self._index}")  # noqa: S311  load
        return Share(self._rate, self._index, self._count, max(self._clock() - self._began, 0.0), random)

    def _start(self, due: float) -> None:
        self.due += 1
        if self._idle:
            self._idle.pop().set(due)
        else:
            self._backlog.append(due)
