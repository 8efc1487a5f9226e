"""The plugin in a single Locust process: recorder and master in one, without messages."""

import gevent
from locust.env import Environment
from locust.runners import LocalRunner

from perf_locust.capture import Capture
from perf_locust.conductor import Conductor
from perf_locust.cut_off import CutOff
from perf_locust.open_users import OpenUsers

WORKER = "local"


class LocalSide:
    """Listeners of a process that is master and worker at once."""

    def __init__(
        self, environment: Environment, runner: LocalRunner, conductor: Conductor, open_users: OpenUsers
    ) -> None:
        """Wire the listeners of this process."""
        self._environment, self._runner, self._conductor = environment, runner, conductor
        self._open_users = open_users
        self._capture: Capture | None = None
        self._greenlet: gevent.Greenlet | None = None
        self._cut_off = CutOff()
        events = environment.events
        events.test_start.add_listener(self.on_test_start)
        events.spawning_complete.add_listener(conductor.on_spawning_complete)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quitting.add_listener(self.on_quitting)

    def on_test_start(self, **_: object) -> None:
        """Open a run and begin to record."""
        self._conductor.on_test_start()
        session = self._conductor.session
        if session is None:
            return
        self._capture = Capture(session.info.id, WORKER, self._conductor.settings.spool_dir, self._open_users)
        self._environment.events.request.add_listener(self._capture.recorder.record)
        self._greenlet = gevent.spawn(self._report)

    def on_test_stopping(self, **_: object) -> None:
        """Watch who is still at work when the stop timeout is over."""
        if self._capture is not None and not self._capture.frames:
            self._deliver(self._capture)  # a run of less than a second: nobody has said yet how many users there are
        self._cut_off.begin(self._runner)

    def on_test_stop(self, **_: object) -> None:
        """Users are gone: take the last frame, judge and report the run."""
        capture, self._capture = self._capture, None
        users = self._cut_off.end()
        self._open_users.settle()
        if capture is None:
            return
        capture.cut_off(users)
        if self._greenlet is not None:
            self._greenlet.kill(block=True)
        self._environment.events.request.remove_listener(capture.recorder.record)
        self._deliver(capture)
        capture.stop()
        self._conductor.close()
        capture.release()

    def on_quitting(self, **_: object) -> None:
        """End the run before Locust decides on the exit code."""
        if self._conductor.session is not None:
            self._runner.stop()

    def _report(self) -> None:
        while self._capture is not None:
            gevent.sleep(self._conductor.settings.report_seconds)
            self._deliver(self._capture)

    def _deliver(self, capture: Capture) -> None:
        capture.count_users(self._runner)
        capture.cut()
        envelope = capture.outbound.due()
        if envelope is not None:
            self._conductor.receive(envelope, lambda _, seqs: capture.outbound.acknowledge(seqs))
