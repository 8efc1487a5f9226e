"""In an interleaved test: users of this process go on only while their side's blocks last.

A user is held between two tasks, where it waits anyway, and its waiting time stands still meanwhile: who had half a
second left goes on half a second after the next block began. So the users come back as spread out as they left.
"""

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import isclass

from gevent.event import Event
from locust import TaskSet, User
from locust.rpc import Message

from perf_core.model.run import Block
from perf_locust.commitment import commit

BLOCKS = "perf_blocks"
"""Master to worker: when this side is under load."""
_WaitTime = Callable[[object], float]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Whether the gate is open now, and until when (Unix seconds)."""

    open: bool
    until: float


class BlockGate:
    """Open until it is told of blocks; then open in them only, and never again after the last."""

    def __init__(self, user_classes: Sequence[type[User]], clock: Callable[[], float] = time.time) -> None:
        """Stand behind the waiting time of users and task sets."""
        self._clock = clock
        self._blocks: tuple[Block, ...] = ()
        self._changed = Event()
        for user_class in user_classes:
            self._stand_behind(user_class)

    def on_blocks(self, msg: Message, **_: object) -> None:
        """Take the blocks from the master."""
        self.open_only_in(tuple(Block(start, end) for start, end in msg.data["blocks"]))

    def open_only_in(self, blocks: tuple[Block, ...]) -> None:
        """Open in these blocks (rising) only, from now on, also for those who wait already."""
        self._blocks = blocks
        changed, self._changed = self._changed, Event()
        changed.set()

    def wait(self, seconds: float) -> None:
        """Wait until the gate has been open for `seconds`, and is open."""
        left = seconds
        while True:
            began = self._clock()
            now = self._stretch(began)
            if now.open and left <= 0:
                return
            nap = min(left, now.until - began) if now.open else now.until - began
            self._changed.wait(None if nap == float("inf") else max(nap, 0.001))
            if now.open:
                left -= self._clock() - began

    def _stretch(self, at: float) -> _Stretch:
        if not self._blocks:
            return _Stretch(open=True, until=float("inf"))
        number = bisect_right([block.start for block in self._blocks], at) - 1
        if number >= 0 and at < self._blocks[number].end:
            return _Stretch(open=True, until=self._blocks[number].end)
        following = self._blocks[number + 1 :]
        return _Stretch(open=False, until=following[0].start if following else float("inf"))

    def _stand_behind(self, owner: type[User] | type[TaskSet]) -> None:
        if "wait_time" in vars(owner) or issubclass(owner, User):
            original: _WaitTime | None = getattr(owner, "wait_time", None)
            if original is not None:
                setattr(owner, "wait_time", self._gated(original))  # noqa: B010  Locust types it as its own kind
        tasks = getattr(owner, "tasks", ())
        for task in set(tasks):
            if isclass(task) and issubclass(task, TaskSet):
                self._stand_behind(task)

    def _gated(self, original: _WaitTime) -> _WaitTime:
        def wait_time(user: object) -> float:
            self.wait(original(user))
            commit(user)
            return 0.0

        return wait_time
