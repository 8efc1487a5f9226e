"""The plugin in a worker: record, send a frame with every stats report, empty everything before the run ends."""

import logging
import sys
import time
from typing import Any

import gevent
from locust import __version__ as locust_version
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_INIT, STATE_STOPPED, WorkerRunner

from perf_locust.capture import Capture
from perf_locust.cut_off import CutOff
from perf_locust.early_requests import EarlyRequests
from perf_locust.joining import is_at_work
from perf_locust.left_spools import LeftSpools
from perf_locust.messages import ACK, DRAIN, DRAINED, FRAMES, REJOIN, REPORT_KEY, RUN_OPTION
from perf_locust.open_users import OpenUsers
from perf_locust.settings import Settings

log = logging.getLogger(__name__)
LOOK_EVERY = 0.25
"""Seconds between two looks at the master's silence and at frames that wait."""


class WorkerSide:
    """Listeners of one worker process; Locust calls them."""

    def __init__(
        self,
        environment: Environment,
        runner: WorkerRunner,
        settings: Settings,
        early: EarlyRequests | None,
        open_users: OpenUsers,
    ) -> None:
        """Wire the listeners of this process, and take up a run that it was put to before."""
        self._environment, self._runner, self._settings = environment, runner, settings
        self._open_users = open_users
        self._capture: Capture | None = None
        self._leaving: list[Capture] = []
        self._stopping = self._drained = False
        self._cut_off = CutOff()
        self._heard = time.monotonic()
        self._left = LeftSpools(runner, settings.spool_dir)
        events = environment.events
        events.test_start.add_listener(self.on_test_start)
        events.report_to_master.add_listener(self.on_report)
        events.heartbeat_received.add_listener(self.on_heartbeat)
        events.quitting.add_listener(self.on_quitting)
        runner.register_message(ACK, self.on_ack)
        runner.register_message(DRAIN, self.on_drain, concurrent=True)
        runner.register_message(REJOIN, self.on_rejoin, concurrent=True)
        runner.greenlet.spawn(self._watch)
        runner.greenlet.spawn(self._left.deliver)
        if is_at_work(runner):
            self.on_test_start()
        if early is not None:
            early.hand_over(self._capture.recorder.record if self._capture is not None else None)

    def on_test_start(self, **_: object) -> None:
        """Begin a capture of the run the master told us of, or go on with it after a pause."""
        run_id = getattr(self._environment.parsed_options, RUN_OPTION, None)
        if not run_id:
            log.error("this run is not recorded: the master runs without perf_locust; start it with perf_locust too")
            return
        self._drained = False
        if self._capture is not None and self._capture.run_id == run_id:
            return
        self._leave()
        self._capture = Capture(run_id, self._runner.client_id, self._settings.spool_dir, self._open_users)
        self._environment.events.request.add_listener(self._capture.recorder.record)

    def on_report(self, client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG002  Locust's signature
        """Put what is due on the stats report."""
        if self._capture is None or self._drained:
            return
        self._capture.count_users(self._runner)
        self._capture.cut()
        envelope = self._capture.outbound.due()
        if envelope:
            data[REPORT_KEY] = envelope

    def on_heartbeat(self, **_: object) -> None:
        """Note that the master lives."""
        self._heard = time.monotonic()

    def on_ack(self, msg: Message, **_: object) -> None:
        """Forget what the master has on its disk."""
        run_id, worker, seqs = msg.data["run"], msg.data["worker"], msg.data["seqs"]
        if worker != self._runner.client_id:
            self._left.on_ack(run_id, worker, seqs)
            return
        for capture in (*self._leaving, *([self._capture] if self._capture else [])):
            if capture.run_id == run_id:
                capture.outbound.acknowledge(seqs)

    def on_drain(self, msg: Message, **_: object) -> None:
        """Let users finish their request, send everything, and say how many frames that was."""
        capture = self._capture
        if capture is None or capture.run_id != msg.data["run"]:
            self._runner.send_message(DRAINED, {"run": msg.data["run"], "frames": 0})
        else:
            self._drain(capture)

    def on_rejoin(self, msg: Message, **_: object) -> None:
        """Leave a run that is over, or whose master died, and report as ready."""
        if self._stopping:
            return
        self._stop_users()
        if self._capture is not None and self._capture.run_id != msg.data["run"]:
            self._leave()
        self._runner.worker_state = STATE_INIT
        self._runner.client.send(Message("client_ready", locust_version, self._runner.client_id))

    def on_quitting(self, **_: object) -> None:
        """Empty everything before Locust tells the master that this worker quits (SIGTERM, scale down)."""
        self._open_users.hand_over()
        self._take_no_users()
        capture = self._capture
        if capture is not None:
            self._drain(capture)
            self._leave()
        deadline = time.monotonic() + self._settings.drain_seconds
        while self._leaving and time.monotonic() < deadline and len(self._runner.greenlet):
            self._deliver()
            gevent.sleep(0.02)
        for each in self._leaving:
            log.error("%s", each.left)
            each.release()
        self._leaving = []

    def _take_no_users(self) -> None:
        """Heed no spawn message any more: Locust's own guard against old ones discards whatever comes.

        The master may give users to a worker that leaves until it knows; started again after the drain they would
        ask without being recorded, or be recorded under numbers that the master has already seen.
        """
        self._runner.last_received_spawn_timestamp = sys.maxsize
        if self._runner.spawning_greenlet:
            self._runner.spawning_greenlet.kill(block=True)

    def _drain(self, capture: Capture) -> None:
        self._stop_users()
        if not self._drained:
            self._drained = True
            capture.no_users()
            capture.cut()
            # Locust sleeps for the stop timeout before a stopped worker is ready again; its users are gone already.
            self._environment.stop_timeout = 0
        self._send(capture)
        self._runner.send_message(DRAINED, {"run": capture.run_id, "frames": capture.frames})

    def _stop_users(self) -> None:
        """Stop all users; whoever asks for it meanwhile waits until they are gone."""
        while self._stopping:
            gevent.sleep(0.02)
        if self._runner.state in {STATE_STOPPED, STATE_INIT}:
            return
        self._stopping = True
        if self._capture is not None and not self._capture.frames:
            self._capture.count_users(self._runner)  # a run of less than a second: nobody has said yet how many
            self._capture.cut()
        self._cut_off.begin(self._runner)
        try:
            self._runner.stop()
        finally:
            self._stopping = False
            users = self._cut_off.end()
        self._open_users.settle()
        if self._capture is not None:
            self._capture.cut_off(users)

    def _leave(self) -> None:
        """Record for this run no longer; its frames are delivered in the background."""
        capture, self._capture = self._capture, None
        if capture is None:
            return
        self._environment.events.request.remove_listener(capture.recorder.record)
        if not self._drained:
            capture.no_users()
            capture.cut()
        capture.stop()
        self._leaving.append(capture)
        self._send(capture)
        self._runner.send_message(DRAINED, {"run": capture.run_id, "frames": capture.frames})

    def _send(self, capture: Capture) -> None:
        envelope = capture.outbound.due()
        if envelope:
            self._runner.send_message(FRAMES, dict(envelope))

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            self._deliver()
            silence = time.monotonic() - self._heard
            if self._runner.user_count and not self._stopping and silence > self._settings.pause_seconds:
                self._pause(silence)

    def _deliver(self) -> None:
        if self._capture is not None and self._drained:
            self._send(self._capture)
            if self._capture.outbound.empty:
                self._leave()
        for capture in self._leaving:
            self._send(capture)
        for capture in [each for each in self._leaving if each.outbound.empty]:
            self._leaving.remove(capture)
            capture.release()

    def _pause(self, silence: float) -> None:
        """Do not hammer a target on behalf of nobody; users go on when the master is back and says so."""
        log.error("no word from the master for %.0f s: users are stopped until it is back", silence)
        self._stop_users()
        self._runner.worker_state = STATE_INIT
