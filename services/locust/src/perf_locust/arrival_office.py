"""In a master: which share of the starts of an arrival rate each worker takes, as workers come and go."""

import time
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import MasterRunner

from perf_locust.conductor import Conductor
from perf_locust.messages import ARRIVALS, ARRIVALS_READY
from perf_locust.open_users import open_classes

LOOK_EVERY = 0.25
AGAIN = 2.0
"""Seconds after which a worker is told its share again, in case a message was lost."""


class ArrivalOffice:
    """Tells each worker its share."""

    def __init__(self, environment: Environment, runner: MasterRunner, conductor: Conductor) -> None:
        """Watch the workers, if there are users with an arrival rate."""
        self._runner, self._conductor = runner, conductor
        self._classes = len(open_classes(environment.user_classes))
        self._told: dict[str, tuple[Any, float]] = {}
        self._rate: float | None = None
        runner.register_message(ARRIVALS_READY, self.on_ready)
        if self._classes:
            environment.events.test_start.add_listener(self.on_test_start)
            gevent.spawn(self._watch)

    def on_test_start(self, **_: object) -> None:
        """Begin a run with the locustfile's rate."""
        self._told, self._rate = {}, None

    def set_rate(self, rate: float | None) -> None:
        """Start at another rate over all workers together; None = the locustfile's."""
        self._rate = rate
        self._tell()

    def on_ready(self, msg: Message, **_: object) -> None:
        """Tell a worker that begins its share at once."""
        self._told.pop(msg.node_id, None)
        self._tell()

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            self._tell()

    def _tell(self) -> None:
        session = self._conductor.session
        if session is None or session.over or session.info.started is None:
            return
        there = [*self._runner.clients.running, *self._runner.clients.spawning]
        members = sorted(node.id for node in there if node.user_count) or sorted(node.id for node in there)
        rate = None if self._rate is None else self._rate / self._classes
        now = time.monotonic()
        for index, worker in enumerate(members):
            share = {"index": index, "count": len(members), "rate": rate, "began": session.info.started}
            known, at = self._told.get(worker, (None, 0.0))
            if known != share or now - at > AGAIN:
                self._told[worker] = (share, now)
                self._runner.send_message(ARRIVALS, share, worker)
