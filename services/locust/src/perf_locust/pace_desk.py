"""In a master: takes what is to be set, brings it to every worker, and keeps who acknowledged it."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, STATE_RUNNING, MasterRunner

from perf_core.errors import PerfError, UsageError
from perf_core.model.run import Interval
from perf_locust.conductor import Conductor
from perf_locust.messages import PACE, PACE_OPTION, PACED
from perf_locust.pace import Pace
from perf_locust.paced_users import PacedUsers
from perf_locust.shape_hold import ShapeHold

log = logging.getLogger(__name__)
LOOK_EVERY = 0.25
AGAIN = 1.0
"""Seconds after which a worker that does not acknowledge is told again."""
SHAPE = "the load shape"
SETTLED = 2.0
"""Seconds from a change until the load is what was set; they are not compared."""


class ConflictError(PerfError):
    """Raised when there is no run to change, or somebody else changed it meanwhile."""


class PaceDesk:
    """Listeners of a master, or of a single process."""

    def __init__(
        self,
        environment: Environment,
        conductor: Conductor,
        users: PacedUsers,
        open_rate: Callable[[float | None], None] | None,
    ) -> None:
        """Wire the listeners; a rate is for `open_rate`, if there are users with an arrival rate."""
        self._open_rate = open_rate
        self._environment, self._conductor, self._users = environment, conductor, users
        self._hold = ShapeHold(environment)
        self.pace = Pace()
        self.acknowledged: dict[str, int] = {}
        self.refused: dict[str, str] = {}
        self._sent: dict[str, tuple[int, float | None, float]] = {}
        self._spawning: gevent.Greenlet | None = None
        environment.events.test_start.add_listener(self.on_test_start)
        if isinstance(environment.runner, MasterRunner):
            environment.runner.register_message(PACED, self.on_paced)
        gevent.spawn(self._watch)

    def on_test_start(self, **_: object) -> None:
        """Begin a run with what the locustfile says."""
        self._set(Pace())
        self._users.begin()
        self._hold.release()
        if self._open_rate is not None:
            self._open_rate(None)

    def change(self, body: Mapping[str, Any]) -> Pace:
        """Set something in the run that is on.

        Raises:
            ConflictError: no run is on, or an interleaved one; or the body names a revision that is not the last.
            UsageError: it makes no sense.
        """
        session = self._conductor.session
        if session is None or session.over or self._conductor.finishing:
            raise ConflictError("no run is on; start one, then set its pacing")
        if self._conductor.plan.interleaved:
            raise ConflictError("an interleaved test keeps the load of both sides alike; nothing can be set in it")
        before, seen = self.pace, body.get("revision")
        if seen is not None and seen != before.revision:
            raise ConflictError(
                f"{before.by or 'somebody'} changed it meanwhile: {before.told()} (revision {before.revision}, not "
                f"{seen}); look at it and send yours again"
            )
        after = before.changed(body)
        self._check(after, before)
        self._set(after)
        if after.users is not None and after.users != before.users:
            self._start_users(after.users)
        self._journal(before, after)
        self._spread()
        return after

    def follow(self, rate: float) -> None:
        """Set the rate of a load shape; what people have set goes before it, and nothing is journalled."""
        if self.pace.revision and self.pace.by != SHAPE:
            return
        if self.pace.rate != rate and self._conductor.session is not None:
            self._set(Pace(self.pace.revision + 1, rate=rate, by=SHAPE))
            self._spread()

    def workers(self) -> tuple[str, ...]:
        """Return the workers that should acknowledge."""
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            return ()
        return tuple(node.id for node in runner.clients.all if node.state != STATE_MISSING)

    def missing(self) -> tuple[str, ...]:
        """Return the workers that have not acknowledged what is set."""
        return tuple(each for each in self.workers() if self.acknowledged.get(each, 0) < self.pace.revision)

    def task_weights(self) -> dict[str, float]:
        """Return the weights of all tasks."""
        return self._users.task_weights

    def source_weights(self) -> dict[str, dict[str, float]]:
        """Return the weights of all mixes of test data."""
        return self._users.source_weights

    def on_paced(self, msg: Message, **_: object) -> None:
        """Note that a worker does what is set, or cannot."""
        session, said = self._conductor.session, msg.data
        if session is None or said["run"] != session.info.id:
            return
        self.acknowledged[msg.node_id] = int(said["revision"])
        if said["error"]:
            self.refused[msg.node_id] = str(said["error"])
            log.error("pace.refused", extra={"worker": msg.node_id, "why": said["error"]})
        if said["missed"] is not None:
            self._tell_missed(msg.node_id, said["missed"])

    def _set(self, pace: Pace) -> None:
        self.pace, self.refused = pace, {}
        if pace.revision == 0:
            self.acknowledged, self._sent = {}, {}
        self._conductor.pacing = self._seconds()
        setattr(self._environment.parsed_options, PACE_OPTION, self._message())

    def _message(self) -> dict[str, Any]:
        session = self._conductor.session
        pace = {key: value for key, value in asdict(self.pace).items() if key in {"revision", "tasks", "sources"}}
        return pace | {"run": session.info.id if session else "", "seconds": self._seconds()}

    def _seconds(self) -> float | None:
        runner = self._environment.runner
        if self._open_rate is not None:
            return self.pace.seconds
        return self.pace.seconds_for(int(runner.user_count) if runner is not None else 0)

    def _check(self, after: Pace, before: Pace) -> None:
        wanted = {"seconds": after.seconds_for(1), "tasks": after.tasks, "sources": after.sources}
        refused = self._users.unknown(after.sources) or self._users.apply(wanted)
        if refused:
            self._users.apply({"seconds": self._seconds(), "tasks": before.tasks, "sources": before.sources})
            raise UsageError(refused)

    def _start_users(self, users: int) -> None:
        """Bring the number of users to what is asked for; while they are being started, as soon as they are."""
        if self._environment.shape_class is not None:
            self._hold.hold(users)
            return
        if self._spawning is not None:
            self._spawning.kill(block=False)
        self._spawning = gevent.spawn(self._start_when_free, users)

    def _start_when_free(self, users: int) -> None:
        runner, session = self._environment.runner, self._conductor.session
        while runner is not None and session is self._conductor.session and not (session is None or session.over):
            if runner.state == STATE_RUNNING:
                rate = float(getattr(runner, "spawn_rate", 0) or users)
                runner.start(users, max(rate, abs(users - runner.user_count)))
                return
            gevent.sleep(0.05)

    def _spread(self) -> None:
        """Bring what is set to the users here, or to every worker that lacks it."""
        seconds, now, runner = self._seconds(), time.monotonic(), self._environment.runner
        self._conductor.pacing = seconds
        if self._open_rate is not None:
            self._open_rate(self.pace.rate)
        if not isinstance(runner, MasterRunner):
            self._users.apply({"seconds": seconds, "tasks": self.pace.tasks, "sources": self.pace.sources})
            return
        message = self._message()
        setattr(self._environment.parsed_options, PACE_OPTION, message)
        for worker in self.workers():
            revision, known, at = self._sent.get(worker, (0, None, 0.0))
            has_it = self.acknowledged.get(worker, 0) >= self.pace.revision or now - at < AGAIN
            if revision == self.pace.revision and has_it and not _differ(known, seconds):
                continue
            self._sent[worker] = (self.pace.revision, seconds, now)
            runner.send_message(PACE, message, worker)

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            session = self._conductor.session
            if session is None or session.over or not self.pace.revision:
                continue
            self._spread()
            if not isinstance(self._environment.runner, MasterRunner) and (share := self._users.missed()) is not None:
                self._tell_missed("this process", share)

    def _journal(self, before: Pace, after: Pace) -> None:
        session, by = self._conductor.session, f" by {after.by}" if after.by else ""
        if session is None:
            return
        if (before.seconds, before.rate) != (after.seconds, after.rate):
            begun = "" if after.seconds is None and after.rate is None else after.told()
            session.happened("pacing_changed", f"pacing: {before.told()} -> {after.told()}{by}", begun)
        if after.users is not None and after.users != before.users:
            begun = "" if after.users == session.info.users else f"{after.users} users"
            session.happened("users_changed", f"users: {after.users} are asked for{by}", begun)
        if (before.tasks, before.sources) != (after.tasks, after.sources):
            begun = f"mix {_mix_told(after)}" if after.tasks or after.sources else ""
            session.happened("mix_changed", f"mix: {_mix_told(after)}{by}", begun)
        now = time.time()
        session.unsettled(Interval(now - 1.0, now + SETTLED))

    def _tell_missed(self, worker: str, share: float) -> None:
        session = self._conductor.session
        if session is not None and not any(event.kind == "pacing_missed" for event in session.info.events[-5:]):
            session.happened(
                "pacing_missed",
                f"{self.pace.told()} cannot be kept: on {worker} {share:.0%} of the iterations began late, for those "
                "before took longer; add users, or ask for less",
            )


def _differ(known: float | None, seconds: float | None) -> bool:
    if known is None or seconds is None:
        return known is not seconds
    return abs(known - seconds) > 1e-3 * seconds


def _mix_told(pace: Pace) -> str:
    parts = [f"{name} {weight:g}" for name, weight in pace.tasks.items()]
    parts += [f"{mix}.{name} {weight:g}" for mix, each in pace.sources.items() for name, weight in each.items()]
    return ", ".join(parts) or "as the locustfile has it"
