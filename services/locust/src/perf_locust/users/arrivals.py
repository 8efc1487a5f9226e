"""Hands the starts of an arrival rate to users that are free, in one process, and counts those not in time."""

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

import gevent
from gevent.event import AsyncResult, Event

from perf_locust.users.schedule import Rate, Share, constant_rate

LATE = 0.1
"""Seconds after which a start counts as late."""
PATIENCE = 1.0
"""Seconds that a start waits for a free user before it is dropped."""
AT_ONCE = 1000
"""Starts that are handed out before others get their turn: a few milliseconds."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a process takes of all starts.

    Processes that are told in time what adds up to all starts lose none, and take none twice.

    Attributes:
        index: it takes the starts with this number modulo `count`.
        count: processes that take some; 0 = this one takes none.
        rate: starts per second of all processes together; None = the locustfile's.
        since: it holds for starts that are due later than so many seconds after the begin; 0 = at once.
    """

    index: int = 0
    count: int = 1
    rate: float | None = None
    since: float = 0.0


class Arrivals:
    """The starts of one user class in one process; once its users are gone, those due have begun or were dropped.

    Attributes:
        due: starts that were due here.
        begun: those that a user began.
        late: those of them that began more than 0.1 s after they were due.
        dropped: those that never began, for no user was free within a second, or all were stopped meanwhile.
        cut_off: those of the dropped that still waited when the users were stopped.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.time) -> None:
        """Wait to be told of a run."""
        self._own = rate
        self._clock = clock
        self._idle: list[AsyncResult[float]] = []
        self._backlog: deque[float] = deque()
        self._changed = Event()
        self._greenlet: gevent.Greenlet | None = None
        self._began = 0.0
        self._turn = self._told = Turn()
        self._coming: deque[Turn] = deque()
        self.reset()

    def __str__(self) -> str:
        """Return the locustfile's rate; a constant one as a number."""
        constant = len(self._own.points) == 1 and not self._own.poisson
        return f"{self._own.points[0][1]:g}" if constant else str(self._own)

    @property
    def running(self) -> bool:
        """Whether starts are handed out."""
        return self._greenlet is not None and not self._greenlet.ready()

    @property
    def waited_for(self) -> bool:
        """Whether a user waits for a start."""
        return bool(self._idle)

    @property
    def relieved(self) -> bool:
        """Whether this process takes no start any more, and none that was due waits for a user."""
        return not self.running or (not self._turn.count and not self._backlog)

    def reset(self) -> None:
        """Count from zero."""
        self.due = self.begun = self.late = self.dropped = self.cut_off = 0

    def begin(self, began: float, active: Callable[[], bool], turn: Turn = Turn()) -> None:
        """Hand out starts as long as `active`; their times are counted from the Unix time `began`.

        A turn that holds at once begins when the first user is free; starts of another are due whoever is.
        """
        self.settle()
        self._coming.clear()
        self._began = began
        self._turn = self._told = turn
        self._greenlet = gevent.spawn(self._run, active)

    def settle(self) -> None:
        """Hand out nothing any more, and drop what still waits: all users are stopped."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
        self.dropped += len(self._backlog)
        self.cut_off += len(self._backlog)
        self._backlog.clear()

    def share(self, turn: Turn) -> None:
        """Take another turn; one that comes too late holds from now on, for what was due is handed out."""
        if turn != self._told:
            handed_out = self._passed() - (0.0 if self._told.count else PATIENCE)
            self._told = turn
            self._coming.append(replace(turn, since=max(turn.since, handed_out)))
            self._changed.set()

    def queue(self) -> "AsyncResult[float]":
        """Return what will be, or is, the time in Unix seconds at which a start is due, for a user to begin it."""
        start: AsyncResult[float] = AsyncResult()
        due = self._waiting()
        if due is None:
            self._idle.append(start)
        else:
            start.set(due)
        return start

    def begin_start(self, start: "AsyncResult[float]") -> float:
        """Count a start that a user begins now; return the seconds that it is late by."""
        late = max(self._clock() - float(start.get(block=False)), 0.0)
        self.begun += 1
        self.late += late > LATE
        return late

    def take_back(self, start: "AsyncResult[float]") -> bool:
        """Take back what a user that is stopped has not begun, for another one; return whether it was due."""
        if not start.ready():
            self._idle.remove(start)
        elif self._idle:
            self._idle.pop().set(start.get(block=False))
        else:
            self._backlog.appendleft(start.get(block=False))
        return bool(start.ready())

    def _waiting(self) -> float | None:
        """Return the start that has waited longest, if there is one that is not too old."""
        self._drop_too_old()
        return self._backlog.popleft() if self._backlog else None

    def _drop_too_old(self) -> None:
        while self._backlog and self._clock() - self._backlog[0] > PATIENCE:
            self._backlog.popleft()
            self.dropped += 1

    def _run(self, active: Callable[[], bool]) -> None:
        at = max(self._turn.since, self._passed() - PATIENCE)
        while active() and not self._turn.since and not self._idle:
            gevent.sleep(0.01)  # until there is a user
            at = self._passed()
        share = self._share(at)
        while active():
            now = self._passed()
            change = self._coming[0].since if self._coming else math.inf
            if not self._keep_up(share, min(now, change), now - PATIENCE):
                gevent.sleep(0)  # more than this process can do must not stop it from answering
                continue
            if change <= now:
                self._turn = self._coming.popleft()
                at = max(at, change)
                share = self._share(at)
                continue
            self._changed.wait(min(max(min(share.next, change) - self._passed(), 0.0), 0.5))
            self._changed.clear()

    def _keep_up(self, share: Share, until: float, too_old: float) -> bool:
        """Hand out what is due until then and drop what is too old; return whether that was all."""
        if not self._idle:
            skipped = share.skip(min(until, too_old))
            self.due += skipped
            self.dropped += skipped
        for due in islice(share.until(until), AT_ONCE):
            self.due += 1
            self._hand_out(self._began + due)
        self._drop_too_old()
        return not share.is_due(until)

    def _passed(self) -> float:
        """Return the seconds since the begin."""
        return self._clock() - self._began

    def _share(self, at: float) -> Share:
        turn, random = self._turn, Random(f"{self._began} {self._turn.index} {at}")  # noqa: S311  load
        return Share(self._own if turn.rate is None else constant_rate(turn.rate), turn.index, turn.count, at, random)

    def _hand_out(self, due: float) -> None:
        if self._idle:
            self._idle.pop().set(due)
        else:
            self._backlog.append(due)
