"""In a master: takes what is to be set, brings it to every worker, and keeps who acknowledged it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, STATE_RUNNING, MasterRunner

from perf_core.errors import PerfError
from perf_core.model.run import Interval
from perf_locust.acknowledgements import PATIENCE, Acknowledgements
from perf_locust.conductor import Conductor
from perf_locust.messages import PACE, PACE_OPTION, PACED
from perf_locust.pace import Pace
from perf_locust.pace_journal import SETTLED, PaceJournal
from perf_locust.paced_users import PacedUsers
from perf_locust.run_session import RunSession
from perf_locust.shape_hold import ShapeHold

LOOK_EVERY = 0.25


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
        self.acknowledged = Acknowledgements()
        self._journal = PaceJournal()
        self._first_rate: float | None = None
        """Of a load shape: Locust asks it before the run begins."""
        self._shape_rate: float | None = None
        """What the load shape of the run says by now, whatever people have set; None = it has no rates."""
        self._spawning: gevent.Greenlet | None = None
        environment.events.test_start.add_listener(self.on_test_start)
        if isinstance(environment.runner, MasterRunner):
            environment.runner.register_message(PACED, self.on_paced)
        gevent.spawn(self._watch)

    def on_test_start(self, **_: object) -> None:
        """Begin a run with what the locustfile says, or its load shape."""
        self.acknowledged, self._journal = Acknowledgements(), PaceJournal()
        self._set(Pace())
        self._users.begin()
        self._hold.release()
        if self._open_rate is not None:
            self._open_rate(None)
        self._shape_rate = None
        rate, self._first_rate = self._first_rate, None
        if rate is not None:
            self.follow(rate)

    def change(self, body: Mapping[str, Any]) -> Pace:
        """Set something in the run that is on.

        Raises:
            ConflictError: there is nothing to change; or somebody changed it after the revision that the body names.
            UsageError: it makes no sense.
        """
        session = self._conductor.session
        refused = self.closed()
        if session is None or refused:
            raise ConflictError(refused)
        before = self.pace
        after = before.changed(body)
        if body.get("reset") and self._shape_rate is not None:
            after = replace(after, rate=self._shape_rate, shaped=True)  # not the locustfile's until the next tick
        seen = body.get("revision")
        if seen is not None and not before.asked <= seen <= before.revision:
            raise ConflictError(
                f"meanwhile {self._journal.since(seen) or 'a new run began'} (revision {before.revision}, yours is "
                f"of {seen}); nothing of yours is set: look at it and send yours again"
            )
        if self._environment.shape_class is None and after.users is None:
            after = replace(after, users=before.users)  # a reset gives back what the locustfile says
        self._check(after, before)
        self._set(after)
        if after.users is None:
            self._hold.release()
        elif after.users != before.users:
            self._start_users(after.users)
        self._journal.note(session, before, after)
        self._spread()
        return after

    def closed(self) -> str:
        """Return why nothing can be set now; empty when something can."""
        session = self._conductor.session
        if session is None or session.over or self._conductor.finishing:
            return "no run is on; start one, then set its pacing"
        if self._conductor.plan.interleaved:
            return "an interleaved test keeps the load of both sides alike; nothing can be set in it"
        return ""

    def follow(self, rate: float) -> None:
        """Set the rate of a load shape; nothing is journalled."""
        if self._conductor.session is None:
            self._first_rate = rate
            return
        self._shape_rate = rate
        after = self.pace.following(rate)
        if after is not self.pace:
            self._set(after)
            self._spread()

    def workers(self) -> tuple[str, ...]:
        """Return the workers that should acknowledge."""
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            return ()
        return tuple(node.id for node in runner.clients.all if node.state != STATE_MISSING)

    def missing(self) -> tuple[str, ...]:
        """Return the workers that have not acknowledged what is set."""
        return self.acknowledged.missing(self.workers(), self.pace.revision)

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
        if self.acknowledged.take(msg.node_id, int(said["revision"]), str(said["error"])):
            session.happened("pacing_refused", f"{msg.node_id} cannot do what is set: {said['error']}")
        if said["missed"] is not None:
            self._tell_missed(msg.node_id, said["missed"])

    def _set(self, pace: Pace) -> None:
        self.pace, self.acknowledged.refused = pace, {}
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
        return self.pace.seconds_for(int(runner.user_count or runner.target_user_count) if runner is not None else 0)

    def _check(self, after: Pace, before: Pace) -> None:
        try:
            self._users.weigh(after.tasks, after.sources)
        except PerfError:
            self._users.weigh(before.tasks, before.sources)
            raise

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
            if self.acknowledged.send(worker, self.pace.revision, seconds, now):
                runner.send_message(PACE, message, worker)

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            session = self._conductor.session
            if session is None or session.over or not self.pace.revision:
                continue
            self._spread()
            self._tell_silent(session, time.monotonic())
            if not isinstance(self._environment.runner, MasterRunner) and (share := self._users.missed()) is not None:
                self._tell_missed("this process", share)

    def _tell_silent(self, session: RunSession, now: float) -> None:
        """Name workers that owe an acknowledgement; until they give it, the load is not what is set."""
        for worker in self.acknowledged.look(self.missing(), now):
            session.happened(
                "pacing_silent",
                f"{worker} has not acknowledged {self.pace.told()} within {PATIENCE:g} s; it is told again every "
                "second",
            )
        for worker, since in self.acknowledged.heard().items():
            session.happened("pacing_heard", f"{worker} does what is set again, after {now - since:.0f} s")
            at = time.time()
            session.unsettled(Interval(at - (now - since) - 1.0, at + SETTLED))

    def _tell_missed(self, worker: str, share: float) -> None:
        session = self._conductor.session
        if session is not None and not any(event.kind == "pacing_missed" for event in session.info.events[-5:]):
            session.happened(
                "pacing_missed",
                f"{self.pace.told()} cannot be kept: on {worker} {share:.0%} of the iterations began late, for those "
                "before took longer; add users, or ask for less",
            )
