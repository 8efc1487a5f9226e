"""Arrival rates in a run: the share of the starts that each process takes, and what it counted and measured."""

import time
from collections.abc import Sequence

import gevent
from locust import User
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_RUNNING, STATE_SPAWNING, WorkerRunner

from perf_core.model.frame import FrameRow
from perf_locust.joining import is_at_work
from perf_locust.messages import ARRIVALS, ARRIVALS_READY, RUN_OPTION
from perf_locust.users.arrival_rate import ArrivalRateUser
from perf_locust.users.arrivals import Arrivals, Turn
from perf_locust.users.intended import IntendedLatencies

HAND_OVER = 2.0
"""Seconds in which other workers must have taken over from one that leaves; they need two thirds of one."""


def open_classes(user_classes: Sequence[type[User]]) -> tuple[type[ArrivalRateUser], ...]:
    """Return the user classes with an arrival rate."""
    return tuple(each for each in user_classes if issubclass(each, ArrivalRateUser))


class OpenUsers:
    """The users with an arrival rate of one process; there may be none."""

    def __init__(self, environment: Environment) -> None:
        """Record the latencies of such users."""
        self._environment = environment
        self._by_class = {each.__name__: each.arrivals for each in open_classes(environment.user_classes)}
        self._arrivals: tuple[Arrivals, ...] = tuple(self._by_class.values())
        self._intended = IntendedLatencies()
        self._run_id: str | None = None
        if self._arrivals:
            environment.events.request.add_listener(self._intended.record)
            environment.events.test_start.add_listener(self.on_test_start)
            runner = environment.runner
            if isinstance(runner, WorkerRunner):
                runner.register_message(ARRIVALS, self.on_share)
                if is_at_work(runner):
                    self.on_test_start()

    def on_test_start(self, **_: object) -> None:
        """Begin; a worker waits for its share, and counts on when it only paused."""
        on_worker = isinstance(self._environment.runner, WorkerRunner)
        before, self._run_id = self._run_id, getattr(self._environment.parsed_options, RUN_OPTION, None)
        self.settle()
        if not on_worker or self._run_id != before:
            self._intended.take(0)
            for each in self._arrivals:
                each.reset()
        if on_worker:
            self._tell_master()
        else:
            self._begin(time.time())

    def hand_over(self) -> None:
        """Go on until the other workers have taken over, or do not in time: this one leaves, and no start is lost."""
        if not self._arrivals or not self._active():
            return
        self._tell_master(leaves=True)
        deadline = time.monotonic() + HAND_OVER
        while self._active() and time.monotonic() < deadline and not all(each.relieved for each in self._arrivals):
            gevent.sleep(0.02)

    def settle(self) -> None:
        """Drop the starts that still wait: all users are stopped."""
        for each in self._arrivals:
            each.settle()

    def on_share(self, msg: Message, **_: object) -> None:
        """Take another share of the starts of each class."""
        turns = {name: Turn(*turn) for name, turn in msg.data["turns"].items() if name in self._by_class}
        for name, turn in turns.items():
            arrivals = self._by_class[name]
            if arrivals.running:
                arrivals.share(turn)
            else:
                arrivals.begin(msg.data["began"], self._active, turn)
        free = [name for name, turn in turns.items() if not turn.count and self._by_class[name].waited_for]
        if free:
            self._tell_master(free)

    def set_rate(self, rate: float | None) -> None:
        """Start at another rate in this process alone; None = the locustfile's."""
        for each in self._arrivals:
            each.share(Turn(rate=None if rate is None else rate / len(self._arrivals)))

    def rows(self) -> tuple[FrameRow, ...]:
        """Return the latencies from the intended start since the last call."""
        return self._intended.take(int(time.time())) if self._arrivals else ()

    def gauges(self) -> dict[str, float]:
        """Return what was counted in this run."""
        if not self._arrivals:
            return {}
        cut_off = float(sum(each.cut_off for each in self._arrivals))
        return {
            "arrivals_due": float(sum(each.due for each in self._arrivals)),
            "arrivals_late": float(sum(each.late for each in self._arrivals)),
            "arrivals_dropped": float(sum(each.dropped for each in self._arrivals)),
        } | ({"arrivals_cut_off": cut_off} if cut_off else {})

    def _tell_master(self, free: Sequence[str] = (), *, leaves: bool = False) -> None:
        """Tell that this worker begins or leaves, or of which classes users are free and have nothing to start."""
        runner = self._environment.runner
        if isinstance(runner, WorkerRunner):
            runner.send_message(ARRIVALS_READY, {"free": list(free), "leaves": leaves})

    def _begin(self, began: float) -> None:
        for each in self._arrivals:
            each.begin(began, self._active)

    def _active(self) -> bool:
        runner = self._environment.runner
        return runner is not None and runner.state in {STATE_SPAWNING, STATE_RUNNING}
