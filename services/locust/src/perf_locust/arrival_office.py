"""In a master: which share of the starts of an arrival rate each worker takes, as workers come and go.

Each user class is shared for itself, among the workers that have users of it: Locust may give all users of a class to
one worker.
"""

import time
from dataclasses import dataclass
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
EARLY = 3.0
"""Seconds from the begin in which workers get their first users: whoever has some takes part at once."""
AHEAD = 0.6
"""Seconds in which a new share reaches all workers; they change to it together, so that no start is lost or twice."""


@dataclass(frozen=True, slots=True)
class _Shares:
    """Who takes a share of which rate, for starts that are due later than `since` seconds after the begin."""

    members: tuple[str, ...] = ()
    rate: float | None = None
    since: float = 0.0

    def turn(self, worker: str) -> tuple[int, int, float | None, float]:
        """Return the fields of a worker's `Turn`."""
        takes = worker in self.members
        return (
            self.members.index(worker) if takes else 0,
            len(self.members) if takes else 0,
            self.rate,
            self.since,
        )


class ArrivalOffice:
    """Tells each worker its share."""

    def __init__(self, environment: Environment, runner: MasterRunner, conductor: Conductor) -> None:
        """Watch the workers, if there are users with an arrival rate."""
        self._runner, self._conductor = runner, conductor
        self._classes = tuple(each.__name__ for each in open_classes(environment.user_classes))
        self._told: dict[str, tuple[Any, float]] = {}
        self._free: set[tuple[str, str]] = set()
        """Workers with a class of which users have waited for a start."""
        self._leaving: set[str] = set()
        self._shares = dict.fromkeys(self._classes, _Shares())
        self._rate: float | None = None
        runner.register_message(ARRIVALS_READY, self.on_ready)
        if self._classes:
            environment.events.test_start.add_listener(self.on_test_start)
            gevent.spawn(self._watch)

    def on_test_start(self, **_: object) -> None:
        """Begin a run with the locustfile's rate."""
        self._told, self._free, self._rate, self._leaving = {}, set(), None, set()
        self._shares = dict.fromkeys(self._classes, _Shares())

    def set_rate(self, rate: float | None) -> None:
        """Start at another rate over all workers together; None = the locustfile's."""
        self._rate = rate
        self._tell()

    def on_ready(self, msg: Message, **_: object) -> None:
        """Tell a worker that begins or leaves, or whose users wait for a start, its share at once."""
        free = {(msg.node_id, name) for name in msg.data["free"]}
        if msg.data.get("leaves"):
            self._leaving.add(msg.node_id)
        elif free:
            self._free |= free
        else:
            self._free = {each for each in self._free if each[0] != msg.node_id}
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
        passed, now = time.time() - session.info.started, time.monotonic()
        nodes = (*self._runner.clients.running, *self._runner.clients.spawning)
        stay = [node for node in nodes if node.id not in self._leaving]
        there = {name: {node.id: node.user_classes_count.get(name, 0) for node in stay} for name in self._classes}
        alive = {node.id for node in nodes}
        self._shares = {name: self._divide(name, users, alive, passed) for name, users in there.items()}
        for node in nodes:
            share = {
                "turns": {name: shares.turn(node.id) for name, shares in self._shares.items()},
                "began": session.info.started,
            }
            known, at = self._told.get(node.id, (None, 0.0))
            # It answers as soon as one of its users is free.
            joins = any(
                there[name].get(node.id) and node.id not in each.members for name, each in self._shares.items()
            )
            if known != share or joins or now - at > AGAIN:
                self._told[node.id] = (share, now)
                self._runner.send_message(ARRIVALS, share, node.id)

    def _divide(self, name: str, there: dict[str, int], alive: set[str], passed: float) -> _Shares:
        """Return the shares of a class, so many seconds after the begin; workers that stay are "id -> its users"."""
        before, rate = self._shares[name], None if self._rate is None else self._rate / len(self._classes)
        manned = sorted(worker for worker, users in there.items() if users)
        stayed = [worker for worker in before.members if worker in there]
        if passed < EARLY or not stayed:
            members = tuple(manned or sorted(there))
        else:
            ready = (each for each in manned if each in stayed or (each, name) in self._free)
            members = tuple(ready) or tuple(stayed)
        if (members, rate) == (before.members, before.rate):
            return before
        if passed < EARLY:
            return _Shares(members, rate)
        vanished = not alive.issuperset(before.members)  # nobody takes its starts: every moment counts
        return _Shares(members, rate, passed if vanished else passed + AHEAD)
