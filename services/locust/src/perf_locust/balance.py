"""Users spread over the workers that are there: stock Locust forgets it when workers come or go more than once."""

import time

from locust.runners import STATE_RUNNING, MasterRunner

from perf_core.model.run import Interval
from perf_locust.run_session import RunSession

MARGIN = 1.0
"""Seconds cut from the comparison before and after users moved: frames and their windows are a second long."""


class Balance:
    """Looks once a second whether users are where they should be, and has Locust dispatch them again if not."""

    def __init__(self, runner: MasterRunner, session: RunSession) -> None:
        """Begin with the workers that are there: one that comes during the ramp-up gets no users from it."""
        self._runner, self._session = runner, session
        self._members = _present(runner)
        self._tried: tuple[frozenset[str], int] | None = None
        self._moving_since: float | None = None
        self._short = 0

    def look(self) -> None:
        """Dispatch users again when workers have come or gone, or when some lack users for two looks."""
        runner = self._runner
        if runner.state != STATE_RUNNING or not runner.spawning_completed:
            return
        members = _present(runner)
        before, self._members = self._members, members
        if members != before:
            self._changed(members - before)
        self._short = self._short + 1 if runner.user_count < runner.target_user_count else 0
        again = self._short >= 2 and self._tried != (members, runner.user_count)
        if members and (members != before or again):
            self._begin_to_move()
            self._tried = (members, runner.user_count)
            runner.start(runner.target_user_count, runner.spawn_rate)
        elif self._moving_since is not None and self._settled(members):
            self.end()

    def end(self) -> None:
        """Mark the stretch in which users moved, if they did."""
        if self._moving_since is not None:
            self._session.unsettled(Interval(self._moving_since - MARGIN, time.time() + MARGIN))
            self._moving_since = None

    def _begin_to_move(self) -> None:
        if self._moving_since is None:
            self._moving_since = time.time()

    def _changed(self, joined: frozenset[str]) -> None:
        self._begin_to_move()
        for worker in sorted(joined):
            self._session.happened("worker_joined", f"{worker} has joined")

    def _settled(self, members: frozenset[str]) -> bool:
        runner = self._runner
        least = runner.target_user_count // max(len(members), 1)
        counts = [node.user_count for node in runner.clients.all if node.id in members]
        return runner.user_count == runner.target_user_count and all(count >= least for count in counts)


def _present(runner: MasterRunner) -> frozenset[str]:
    return frozenset(node.id for node in (*runner.clients.ready, *runner.clients.running, *runner.clients.spawning))
