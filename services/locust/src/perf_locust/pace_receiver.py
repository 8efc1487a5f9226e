"""In a worker: does what the master sets, and says so."""

from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import WorkerRunner

from perf_locust.joining import is_at_work
from perf_locust.messages import PACE, PACE_OPTION, PACED
from perf_locust.paced_users import PacedUsers

LOOK_EVERY = 1.0


class PaceReceiver:
    """Listeners of one worker process."""

    def __init__(self, environment: Environment, runner: WorkerRunner, users: PacedUsers) -> None:
        """Wire the listeners; a worker that joins a run that is on finds what is set in its options."""
        self._environment, self._runner, self._users = environment, runner, users
        self._said: dict[str, Any] = {"run": "", "revision": 0}
        environment.events.test_start.add_listener(self.on_test_start)
        runner.register_message(PACE, self.on_pace)
        runner.greenlet.spawn(self._watch)
        if is_at_work(runner):
            self.on_test_start()

    def on_test_start(self, **_: object) -> None:
        """Begin with what is set by now."""
        wanted = getattr(self._environment.parsed_options, PACE_OPTION, None)
        self._users.begin()
        if wanted and wanted["revision"]:
            self._take(wanted)

    def on_pace(self, msg: Message, **_: object) -> None:
        """Do what is set."""
        self._take(msg.data)

    def _take(self, wanted: dict[str, Any]) -> None:
        error = self._users.apply(wanted)
        self._said = {"run": wanted["run"], "revision": wanted["revision"]}
        self._runner.send_message(PACED, self._said | {"error": error, "missed": None})

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            share = self._users.missed()
            if share is not None:
                self._runner.send_message(PACED, self._said | {"error": "", "missed": share})
