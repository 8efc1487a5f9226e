"""Users that are killed when the stop timeout is over, each maybe with a request in flight that nobody records."""

import gevent
from locust.runners import Runner

CUT_OFF = "users_cut_off"
"""Gauge of a process's last frame: how many there were."""


class CutOff:
    """Counts them while the users of a process are stopped."""

    def __init__(self) -> None:
        """Nobody is being stopped yet."""
        self._users = 0
        self._watch: gevent.Greenlet | None = None

    def begin(self, runner: Runner) -> None:
        """Begin, right before Locust stops the users; it kills those that are there after the stop timeout."""
        self._users = 0
        self._watch = gevent.spawn_later(runner.environment.stop_timeout or 0, self._count, runner)

    def end(self) -> int:
        """Return how many users were killed, once all are gone."""
        if self._watch is not None:
            self._watch.kill(block=False)
            self._watch = None
        return self._users

    def _count(self, runner: Runner) -> None:
        self._users = len(runner.user_greenlets)
