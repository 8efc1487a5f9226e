"""The plugin in a worker: record, send a frame with every stats report, empty everything before the run ends."""

import logging
import time
from typing import Any

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_STOPPED, WorkerRunner

from perf_locust.capture import Capture
from perf_locust.messages import ACK, DRAIN, DRAINED, FRAMES, REPORT_KEY, RUN_OPTION
from perf_locust.settings import Settings

log = logging.getLogger(__name__)


class WorkerSide:
    """Listeners of one worker process; Locust calls them."""

    def __init__(self, environment: Environment, runner: WorkerRunner, settings: Settings) -> None:
        """Wire the listeners of this process."""
        self._environment, self._runner, self._settings = environment, runner, settings
        self._capture: Capture | None = None
        self._drained = False
        events = environment.events
        events.test_start.add_listener(self.on_test_start)
        events.report_to_master.add_listener(self.on_report)
        events.quitting.add_listener(self.on_quitting)
        runner.register_message(ACK, self.on_ack)
        runner.register_message(DRAIN, self.on_drain, concurrent=True)

    def on_test_start(self, **_: object) -> None:
        """Begin a capture of the run the master told us of."""
        run_id = getattr(self._environment.parsed_options, RUN_OPTION, None)
        if not run_id:
            log.error("capture.no_run", extra={"remedy": "start the master with perf_locust too"})
            return
        self._forget()
        self._capture, self._drained = Capture(run_id, self._runner.client_id), False
        self._environment.events.request.add_listener(self._capture.recorder.record)

    def on_report(self, client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG002  Locust's signature
        """Put what is due on the stats report."""
        if self._capture is None or self._drained:
            return
        self._capture.users = self._runner.user_count
        self._capture.cut()
        envelope = self._capture.outbound.due()
        if envelope:
            data[REPORT_KEY] = envelope

    def on_ack(self, msg: Message, **_: object) -> None:
        """Forget what the master has on its disk."""
        if self._capture is not None and msg.data["run"] == self._capture.outbound.run_id:
            self._capture.outbound.acknowledge(msg.data["seqs"])

    def on_drain(self, msg: Message, **_: object) -> None:
        """Let users finish their request, send everything, and say so once it is on the master's disk."""
        capture = self._capture
        if capture is not None and capture.outbound.run_id == msg.data["run"]:
            self._empty(capture)
            # Locust sleeps for the stop timeout before a stopped worker is ready again; its users are gone already.
            self._environment.stop_timeout = 0
        self._say_drained(msg.data["run"])

    def on_quitting(self, **_: object) -> None:
        """Empty everything before Locust tells the master that this worker quits (SIGTERM, scale down)."""
        if self._capture is not None and not self._drained:
            self._empty(self._capture)
            self._say_drained(self._capture.outbound.run_id)

    def _say_drained(self, run_id: str) -> None:
        frames = self._capture.frames if self._capture is not None else 0
        self._runner.send_message(DRAINED, {"run": run_id, "frames": frames})

    def _empty(self, capture: Capture) -> None:
        if self._runner.state != STATE_STOPPED:
            self._runner.stop()
        capture.users = 0
        capture.cut()
        self._drained = True
        deadline = time.monotonic() + self._settings.drain_seconds
        while not capture.outbound.empty and time.monotonic() < deadline:
            envelope = capture.outbound.due()
            if envelope:
                self._runner.send_message(FRAMES, dict(envelope))
            gevent.sleep(0.02)
        if not capture.outbound.empty:
            log.error("capture.not_acknowledged", extra={"run_id": capture.outbound.run_id})

    def _forget(self) -> None:
        if self._capture is not None:
            self._environment.events.request.remove_listener(self._capture.recorder.record)
            self._capture.stop()
            self._capture = None
