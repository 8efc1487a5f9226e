"""Users of an open model: iterations begin at a rate, whether the target keeps up or not."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

import gevent
from gevent import GreenletExit
from gevent.event import AsyncResult
from gevent.pool import Group
from locust import User
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING, LocalRunner
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_STOPPING, LOCUST_STATE_WAITING

from perf_core.errors import UsageError
from perf_locust.users.arrivals import Arrivals
from perf_locust.users.intended import MARK
from perf_locust.users.schedule import Rate, constant_rate

_ENDING = {STATE_STOPPING, STATE_CLEANUP, STATE_STOPPED}


class ArrivalRateUser(User):
    """Begins an iteration when one is due: `rate` of them per second over all users and workers together.

    Combine it with the kind of user that asks: ``class Buyer(ArrivalRateUser, FastHttpUser)``. `wait_time` has no
    meaning here. --users says how many iterations can be on their way at once; a start for which no user is free
    within a second is dropped, and counted.

    Attributes:
        rate: of `constant_rate`, `poisson_rate` or `staged_rate`, or a number of starts per second.
    """

    abstract = True
    rate: ClassVar[Rate | float] = 1.0
    arrivals: ClassVar[Arrivals]
    _perf_state: str | None = None
    _perf_start: "AsyncResult[float] | None" = None
    """The start that the user waits for, or has got and not begun yet."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the class its starts, and let users wait for one after they have started."""
        super().__init_subclass__(**kwargs)
        cls.arrivals = Arrivals(_rate_of(cls))
        if "on_start" in vars(cls):
            setattr(cls, "on_start", _then_wait(vars(cls)["on_start"]))  # noqa: B010  mypy knows methods as constant

    def on_start(self) -> None:
        """Wait for the first start, unless a subclass is still starting."""
        if not getattr(self, "_perf_starting", False):
            self._wait_for_start()

    def wait_time(self) -> float:
        """Wait for the next start; Locust lets others go first before the iteration begins."""
        self._take()
        return 0.0

    def start(self, group: Group) -> gevent.Greenlet:
        """Start; when the user is gone, whatever ended it, another one gets the start that it has not begun."""
        greenlet: gevent.Greenlet = super().start(group)
        greenlet.link(lambda _: self._give_back())
        return greenlet

    def stop(self, force: bool = False) -> bool:
        """Stop; a user that has got a start and not begun it ends by itself: Locust might kill it when it has."""
        if self._give_back():
            self._state = LOCUST_STATE_STOPPING
            if not force:
                return False
        return bool(super().stop(force))

    @property
    def _state(self) -> str | None:
        """What Locust says the user does; an iteration begins when it says "running"."""
        return self._perf_state

    @_state.setter
    def _state(self, state: str | None) -> None:
        self._perf_state = state
        if state == LOCUST_STATE_RUNNING and self._perf_start is not None:
            start, self._perf_start = self._perf_start, None
            setattr(gevent.getcurrent(), MARK, type(self).arrivals.begin_start(start))

    def _wait_for_start(self) -> None:
        """Wait so that Locust may stop the user meanwhile."""
        if self._state == LOCUST_STATE_STOPPING:
            raise GreenletExit  # Locust would log a StopUser of `on_start` as an error
        self._state = LOCUST_STATE_WAITING
        self._take()
        if self._state == LOCUST_STATE_STOPPING:
            raise GreenletExit  # Locust would log a StopUser of `on_start` as an error
        self._state = LOCUST_STATE_RUNNING

    def _take(self) -> float:
        arrivals = type(self).arrivals
        if not arrivals.running and isinstance(self.environment.runner, LocalRunner):
            runner = self.environment.runner  # Locust without the plugin
            arrivals.begin(time.time(), lambda: runner.state not in _ENDING)
        setattr(gevent.getcurrent(), MARK, None)
        start = self._perf_start = arrivals.queue()
        try:
            return float(start.get())
        except BaseException:  # the user is killed
            self._give_back()
            raise

    def _give_back(self) -> bool:
        """Leave the queue, or a start that was not begun, to others; return whether there was one."""
        start, self._perf_start = self._perf_start, None
        return start is not None and type(self).arrivals.take_back(start)


def _rate_of(user_class: type[ArrivalRateUser]) -> Rate:
    rate = user_class.rate
    if isinstance(rate, Rate):
        return rate
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise UsageError(f"the rate of {user_class.__name__} is {rate!r}; give starts per second, like 200")
    return constant_rate(float(rate))


def _then_wait(on_start: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(on_start)
    def started(self: Any) -> None:
        outermost = not getattr(self, "_perf_starting", False)
        self._perf_starting = True
        on_start(self)
        if outermost:
            self._perf_starting = False
            self._wait_for_start()

    return started
