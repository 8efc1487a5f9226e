"""Pacing that is set while a run is on: it stands before the waiting time of every user, also of one that sleeps.

Pacing is the time from the start of one iteration to the start of the next. Nobody catches up on iterations that took
longer; who is late by less than one keeps its place, so that the rate is what was asked for. When pacing begins,
users that sleep get their places at random; when it changes, they keep them in proportion: no change makes a burst.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from inspect import isclass
from random import random
from typing import Any

from gevent.event import Event
from locust import TaskSet, User

from perf_locust.commitment import commit, user_of

SHORT = 0.5
"""Seconds of a waiting time of the locustfile that are left to Locust: a change is in force soon enough."""
LATE = 0.1
"""Share of the pacing by which a start may be late before it counts as missed."""
WaitTime = Callable[[object], float]
_STARTED = "_perf_started"


class PaceGate:
    """The pacing of the users of one process; None = each waits as its locustfile says."""

    def __init__(self, user_classes: Sequence[type[User]], clock: Callable[[], float] = time.perf_counter) -> None:
        """Stand before the waiting time of users and task sets."""
        self._clock = clock
        self._seconds: float | None = None
        self._changed = Event()
        self.starts = self.late = 0
        owners = dict.fromkeys(owner for user_class in user_classes for owner in _owners(user_class))
        originals = {owner: getattr(owner, "wait_time", None) for owner in owners}
        for owner, original in originals.items():
            if original is not None:
                setattr(owner, "wait_time", self._paced(original))  # noqa: B010  Locust types it as its own kind

    def set(self, seconds: float | None) -> None:
        """Pace from now on; users that wait now are told."""
        if seconds == self._seconds:
            return
        self._seconds, self.starts, self.late = seconds, 0, 0
        changed, self._changed = self._changed, Event()
        changed.set()

    def wait(self, owner: Any, original: WaitTime) -> float:
        """Wait until the next iteration of a user begins; return the seconds that are left to Locust."""
        user = user_of(owner)
        now = self._clock()
        if self._seconds is None:
            total = original(owner)
            if total <= SHORT:
                setattr(user, _STARTED, now + total)
                commit(user)
                return total
            due = now + total
        else:
            total = self._seconds
            due = self._due(user, now, total)
        paced = self._seconds is not None
        while (left := due - self._clock()) > 0 and self._changed.wait(left):
            share = max(due - self._clock(), 0.0) / total if paced else random()  # noqa: S311  load
            paced = self._seconds is not None
            total = self._seconds if self._seconds is not None else original(owner)
            due = self._clock() + share * total
        setattr(user, _STARTED, due)
        commit(user)
        return 0.0

    def _due(self, user: Any, now: float, pacing: float) -> float:
        started: float = getattr(user, _STARTED, 0.0) or getattr(user, "_cp_last_run", now)
        due = started + pacing
        self.starts += 1
        self.late += now - due > LATE * pacing
        return due if now - due < pacing else now

    def _paced(self, original: WaitTime) -> WaitTime:
        @wraps(original)
        def wait_time(owner: object) -> float:
            return self.wait(owner, original)

        return wait_time


def _owners(owner: type[User] | type[TaskSet]) -> Iterator[type[User] | type[TaskSet]]:
    """Yield a class of users, and the task sets below it that have a waiting time of their own."""
    if "wait_time" in vars(owner) or issubclass(owner, User):
        yield owner
    for task in set(getattr(owner, "tasks", ())):
        if isclass(task) and issubclass(task, TaskSet):
            yield from _owners(task)
