"""Locust's dispatcher of users, with an end: when a run stops during its ramp-up, no further user is started."""

import gevent
from gevent import Greenlet
from locust import User
from locust.dispatch import UsersDispatcher


class _StopDispatchError(Exception):
    """Thrown into a dispatch that waits between two steps."""


class Dispatcher(UsersDispatcher):
    """Stock Locust goes on with a ramp-up after the run was stopped, on workers that have drained."""

    stopped = False
    """Whether the run that users are dispatched for is being stopped; the plugin sets it."""
    _waiting: Greenlet | None = None

    @classmethod
    def stop(cls) -> None:
        """End the dispatch that is on, if any, and let no other begin."""
        cls.stopped = True
        if cls._waiting is not None:
            gevent.kill(cls._waiting, _StopDispatchError)

    @classmethod
    def allow(cls) -> None:
        """Let users be dispatched again: a new run begins."""
        cls.stopped = False

    def new_dispatch(
        self, target_user_count: int, spawn_rate: float, user_classes: list[type[User]] | None = None
    ) -> None:
        """Begin a dispatch."""
        super().new_dispatch(target_user_count, spawn_rate, user_classes)
        self._steps = 0

    def __next__(self) -> dict[str, dict[str, int]]:
        """Return what each worker should run after the next step."""
        if Dispatcher.stopped:
            if self._steps:
                raise StopIteration
            self._steps = 1
            return {
                "nobody": {}
            }  # Locust wants at least one step; a message to a worker that is not there is dropped
        Dispatcher._waiting = gevent.getcurrent()
        try:
            step: dict[str, dict[str, int]] = super().__next__()
        except _StopDispatchError:
            raise StopIteration from None
        finally:
            Dispatcher._waiting = None
        self._steps += 1
        return step
