"""In a worker: numbers of rows from the master, asked for before they are needed."""

import time
from collections import deque
from collections.abc import Callable

import gevent
from gevent.event import Event

from perf_locust.leases import Range

FIRST, MOST = 8, 8192
"""Rows that a worker keeps in stock: as many as at first, doubled whenever they did not last."""
AGAIN = 0.25
"""Seconds until a question is repeated while others hold the last rows."""
LOST = 2.0
"""Seconds after which an answer is taken for lost."""
PATIENCE = 15.0
"""Seconds to wait for rows that others hold, or for a master that does not answer, before there are none."""
Ask = Callable[[int, int, int], None]


class LeaseSupply:
    """The stock of one sampler in one worker and run."""

    def __init__(self, ask: Ask, note_used: Callable[[int], None]) -> None:
        """Stock up at once; `ask(question, want, left)` sends, `note_used(count)` keeps the count safe."""
        self._ask, self._note_used = ask, note_used
        self._stock: deque[Range] = deque()
        self._at = self._end = 0
        self._left = 0
        self._used = 0
        self._target = FIRST
        self._question = 0
        self._more = self._dry = False
        self._starving = 0
        self._low, self._answered, self._stocked = Event(), Event(), Event()
        self._low.set()
        self._greenlet = gevent.spawn(self._keep_stocked)

    @property
    def used(self) -> int:
        """How many rows were handed out."""
        return self._used

    def take(self) -> int | None:
        """Return the next number, or None when there is none any more; waits while the master may have some."""
        while self._at == self._end:
            if self._stock:
                self._at, self._end = self._stock.popleft()
            elif self._dry:
                return None
            else:
                self._wait()
        number = self._at
        self._at += 1
        self._left -= 1
        self._used += 1
        self._note_used(self._used)
        if self._left < self._target // 2 and not self._dry:
            self._low.set()
        return number

    def answer(self, question: int, ranges: list[Range], *, dry: bool) -> None:
        """Take the master's answer; one to an earlier question is known already."""
        if question != self._question or self._answered.is_set():
            return
        self._stock.extend((begin, end) for begin, end in ranges)
        self._left += sum(end - begin for begin, end in ranges)
        self._more, self._dry = bool(ranges), dry
        self._answered.set()
        self._wake()

    def close(self) -> None:
        """Hand out nothing any more: the run is over, or this worker leaves it."""
        self._greenlet.kill(block=False)
        self._stock.clear()
        self._at = self._end = self._left = 0
        self._dry = True
        self._wake()

    def _wait(self) -> None:
        self._starving += 1
        self._low.set()
        try:
            self._stocked.wait()
        finally:
            self._starving -= 1

    def _wake(self) -> None:
        stocked, self._stocked = self._stocked, Event()
        stocked.set()

    def _keep_stocked(self) -> None:
        deadline: float | None = None
        while not self._dry:
            self._low.wait()
            self._low.clear()
            if self._starving:
                self._target = min(max(2 * self._target, self._starving), MOST)
            self._question += 1
            self._answered.clear()
            while not self._answered.is_set():
                self._ask(self._question, max(self._target - self._left, 1), self._left)
                if not self._answered.wait(LOST):
                    deadline = self._give_up_at(deadline)
            if self._more:
                deadline = None
            elif not self._dry:
                deadline = self._give_up_at(deadline)
                gevent.sleep(AGAIN)
                self._low.set()

    def _give_up_at(self, deadline: float | None) -> float:
        """Return when waiting ends; past it, there are no rows for those who wait."""
        now = time.monotonic()
        deadline = deadline or now + PATIENCE
        if now > deadline and self._starving:
            self._dry = True
            self._answered.set()
            self._wake()
        return deadline
