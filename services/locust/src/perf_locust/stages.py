"""Notices when another load begins: a stage of a shape, or users changed by hand. Only equal loads are compared."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import gevent
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, Runner

from perf_core.model.run import Interval, RunEvent
from perf_locust.file_shape import FileShape
from perf_locust.run_session import RunSession

LOOK_EVERY = 1.0
PLATEAU = 8.0
"""Seconds for which users or rate must stay to be a stage; changes that follow faster are one ramp."""
MARGIN = 1.0
"""Seconds not compared before users begin to move and after they have settled: samples are by the second."""
PACED = 1.0
"""Seconds after which a rate is in force on every worker."""


@dataclass(slots=True)
class _Change:
    at: float
    level: float
    settled: float | None = None
    """When all users were there, and a rate was in force."""


class Stages:
    """Looks once a second at the users asked for, or the rate of a shape of rates, for one run."""

    def __init__(self, environment: Environment, session: RunSession, clock: Callable[[], float] = time.time) -> None:
        """Begin with a run that is on; `clock` gives Unix seconds."""
        self._environment, self._session, self._clock = environment, session, clock
        self._first: float | None = None
        """Users at the first look."""
        self._level = 0.0
        self._pending: list[_Change] = []
        self._number = 0

    def start(self) -> Self:
        """Look once a second until the load is over."""
        gevent.spawn(self._watch)
        return self

    def look(self) -> None:
        """Note a change of what is asked for, and when it is over."""
        runner, now = self._environment.runner, self._clock()
        if runner is None or runner.state not in {STATE_SPAWNING, STATE_RUNNING}:
            return
        if self._first is None:
            self._first = float(runner.target_user_count)
            self._level = 0.0 if self._environment.shape_class else self._first
        rate = self._rate()
        level = float(runner.target_user_count) if rate is None else rate
        if level != self._level:
            self._level = level
            self._pending.append(_Change(now, level))
        if not self._pending:
            return
        last = self._pending[-1]
        if last.settled is None and _is_settled(runner):
            last.settled = now if rate is None else now + PACED
        by_hand = self._environment.shape_class is None
        if last.settled is not None and (by_hand or now - last.at >= PLATEAU):
            self._tell(last.settled, by_hand=by_hand)

    def end(self) -> None:
        """Tell of what is not over yet."""
        if self._pending:
            self._tell(self._clock(), by_hand=self._environment.shape_class is None)

    def _watch(self) -> None:
        while not self._session.over:
            self.look()
            gevent.sleep(LOOK_EVERY)

    def _tell(self, settled: float, *, by_hand: bool) -> None:
        first, last = self._pending[0], self._pending[-1]
        self._pending = []
        if by_hand:
            begun = "" if last.level == self._first else self._words(last)
            if not self._is_told(begun, first.at):
                self._session.note(RunEvent(first.at, "users_changed", f"users are {last.level:g} now", begun))
            self._session.unsettled(Interval(first.at - MARGIN, settled + MARGIN))
            return
        if last is not first:
            self._stage(first.at, f"to {self._words(last)}")
        self._stage(last.at, self._words(last))
        self._session.unsettled(Interval(last.at - MARGIN, settled + MARGIN))

    def _rate(self) -> float | None:
        """Return the rate that a shape of rates asks for; None when users are what is asked for."""
        shape = self._environment.shape_class
        return shape.rate if isinstance(shape, FileShape) and shape.shape.of == "rate" else None

    def _words(self, change: _Change) -> str:
        return f"{change.level:g}" + (" users" if self._rate() is None else "/s")

    def _is_told(self, begun: str, at: float) -> bool:
        """Return whether whoever changed the users has told it."""
        events = self._session.info.events
        return any(
            each.kind == "users_changed" and each.stage == begun and each.at > at - 3 * LOOK_EVERY for each in events
        )

    def _stage(self, at: float, what: str) -> None:
        self._number += 1
        name = f"stage {self._number}: {what}"
        self._session.note(RunEvent(at, "stage", name, name))


def _is_settled(runner: Runner) -> bool:
    return bool(runner.user_count == runner.target_user_count)
