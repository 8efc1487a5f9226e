"""The plugin in a master: frames come in, acknowledgements go out, the end of a run is a barrier."""

import logging
import time
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.rpc import Message
from locust.runners import MasterRunner

from perf_locust.attendance import Attendance
from perf_locust.balance import Balance
from perf_locust.barrier import drain
from perf_locust.conductor import Conductor
from perf_locust.dispatcher import Dispatcher
from perf_locust.master_readings import MasterReadings
from perf_locust.messages import ACK, DRAINED, FRAMES, REJOIN, REPORT_KEY

log = logging.getLogger(__name__)
LOOK_EVERY = 1.0
REJOIN_EVERY = 2.0
"""Seconds between two invitations of the same worker, and how long a worker may be unknown before the first."""


class MasterSide:
    """Listeners of a master process; Locust calls them."""

    def __init__(self, environment: Environment, runner: MasterRunner, conductor: Conductor) -> None:
        """Wire the listeners of this process."""
        self._environment, self._runner, self._conductor = environment, runner, conductor
        self._attendance: Attendance | None = None
        self._balance: Balance | None = None
        self._readings: MasterReadings | None = None
        self._draining: Event | None = None
        self._strays: dict[str, float] = {}
        environment.dispatcher_class = Dispatcher
        events = environment.events
        events.test_start.add_listener(self.on_test_start)
        events.spawning_complete.add_listener(conductor.on_spawning_complete)
        events.worker_report.add_listener(self.on_worker_report)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quitting.add_listener(self.on_quitting)
        runner.register_message(FRAMES, self.on_frames)
        runner.register_message(DRAINED, self.on_drained)
        gevent.spawn(self._watch)

    def on_test_start(self, **_: object) -> None:
        """Open a run."""
        Dispatcher.allow()
        self._conductor.live.gauges.clear()  # else readings of workers of long ago stay for ever
        self._conductor.on_test_start()
        session = self._conductor.session
        if session is not None:
            self._attendance = Attendance(self._runner, session, self._conductor.settings.absence_seconds)
            self._balance = Balance(self._runner, session)
            self._readings = MasterReadings(self._conductor)

    def on_worker_report(self, client_id: str, data: dict[str, Any]) -> None:
        """Take the frames that ride on a stats report."""
        envelope = data.get(REPORT_KEY)
        if envelope:
            self._receive(client_id, envelope)
        session = self._conductor.session
        if self._attendance is not None and client_id in self._runner.clients:
            self._attendance.note_report(client_id, int(data.get("user_count") or 0), frames=bool(envelope))
        ours = session is not None and (envelope is None or envelope["run"] == session.info.id)
        stray = client_id not in self._runner.clients or (bool(data.get("user_count")) and not ours)
        self._invite(client_id, stray=stray)

    def on_frames(self, msg: Message, **_: object) -> None:
        """Take frames sent outside the reports."""
        self._receive(msg.node_id, msg.data)

    def on_drained(self, msg: Message, **_: object) -> None:
        """Note that a worker has stopped its users and how many frames there are."""
        run_id, frames = msg.data["run"], int(msg.data["frames"])
        session = self._conductor.session
        if session is not None and session.info.id == run_id and self._attendance is not None:
            self._attendance.note_drained(msg.node_id, frames)
        else:
            self._conductor.drained(run_id, msg.node_id, frames)

    def on_test_stopping(self, **_: object) -> None:
        """Wait until every worker is empty, so that everything after sees all samples."""
        session, attendance = self._conductor.session, self._attendance
        if session is None or attendance is None:
            return
        if self._draining is not None:  # a second end while the first is on: Ctrl-C during the drain, the run time
            self._draining.wait()
            return
        self._draining = Event()
        try:
            session.ended()
            if self._readings is not None:
                self._readings.stop()
            if self._balance is not None:
                self._balance.end()
            drain(self._runner, attendance, self._environment.stop_timeout + self._conductor.settings.drain_seconds)
        finally:
            self._draining.set()

    def on_test_stop(self, **_: object) -> None:
        """Judge and report the run."""
        self._conductor.close()
        self._attendance = self._balance = self._draining = None

    def on_quitting(self, **_: object) -> None:
        """Bring an end that is under way to its end, before Locust ends everything."""
        deadline = (
            time.monotonic() + self._conductor.settings.absence_seconds + self._conductor.settings.drain_seconds
        )
        while self._draining is not None and len(self._runner.greenlet) and time.monotonic() < deadline:
            gevent.sleep(0.05)
        if self._draining is not None and self._conductor.session is not None:
            self.on_test_stop()

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            session = self._conductor.session
            if session is None or self._draining is not None:
                continue
            try:
                self._look(session.save)
            except Exception:
                log.exception("master.look_failed")

    def _look(self, save: Any) -> None:
        if self._attendance is not None:
            self._attendance.look()
        save()
        if self._balance is not None:
            self._balance.look()

    def _invite(self, client_id: str, *, stray: bool) -> None:
        """Have a worker that we do not know, or that works for a run that is over, leave it and report as ready."""
        now = time.monotonic()
        if not stray:
            self._strays.pop(client_id, None)
        elif now - self._strays.setdefault(client_id, now) > REJOIN_EVERY:
            self._strays[client_id] = now
            session = self._conductor.session
            self._runner.send_message(REJOIN, {"run": session.info.id if session is not None else ""}, client_id)

    def _receive(self, client_id: str, envelope: Any) -> None:
        run_id = envelope["run"]

        def acknowledge(worker: str, seqs: list[int]) -> None:
            self._runner.send_message(ACK, {"run": run_id, "worker": worker, "seqs": seqs}, client_id)

        session = self._conductor.session
        left_by = envelope.get("worker")
        if session is not None and session.info.id == run_id and self._attendance is not None:
            if left_by:
                session.recovered(left_by)
            else:
                self._attendance.note_process(client_id, envelope.get("process", ""))
        if not self._conductor.receive(envelope, acknowledge) and left_by:
            acknowledge(left_by, [])
