"""The plugin in a master: frames come in, acknowledgements go out, the end of a run is a barrier."""

import logging
from typing import Any

from locust.env import Environment
from locust.rpc import Message
from locust.runners import MasterRunner

from perf_locust.barrier import Barrier
from perf_locust.conductor import Conductor
from perf_locust.messages import ACK, FRAMES, REPORT_KEY

log = logging.getLogger(__name__)


class MasterSide:
    """Listeners of a master process; Locust calls them."""

    def __init__(self, environment: Environment, runner: MasterRunner, conductor: Conductor) -> None:
        """Wire the listeners of this process."""
        self._environment, self._runner, self._conductor = environment, runner, conductor
        self._barrier = Barrier(runner)
        self._unanswered: tuple[str, ...] = ()
        events = environment.events
        events.test_start.add_listener(self.on_test_start)
        events.spawning_complete.add_listener(conductor.on_spawning_complete)
        events.worker_report.add_listener(self.on_worker_report)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        runner.register_message(FRAMES, self.on_frames)

    def on_test_start(self, **_: object) -> None:
        """Open a run."""
        self._barrier.begin()
        self._unanswered = ()
        self._conductor.on_test_start()

    def on_worker_report(self, client_id: str, data: dict[str, Any]) -> None:
        """Take the frames that ride on a stats report."""
        if REPORT_KEY in data:
            self._receive(client_id, data[REPORT_KEY])

    def on_frames(self, msg: Message, **_: object) -> None:
        """Take frames sent outside the reports."""
        self._receive(msg.node_id, msg.data)

    def on_test_stopping(self, **_: object) -> None:
        """Wait until every worker is empty, so that everything after sees all samples."""
        session = self._conductor.session
        if session is None:
            return
        session.ended()
        seconds = self._environment.stop_timeout + self._conductor.settings.drain_seconds
        self._note_lost_workers()
        self._unanswered = self._barrier.wait(session.info.id, seconds)
        self._note_lost_workers()

    def on_test_stop(self, **_: object) -> None:
        """Judge and report the run."""
        self._conductor.close(dict(self._barrier.frames), self._unanswered)

    def _note_lost_workers(self) -> None:
        """A worker that sent frames and is gone without having drained is lost."""
        session = self._conductor.session
        if session is None:
            return
        alive = {worker.id for worker in self._runner.clients.all if worker.state != "missing"}
        for worker in session.ledger.clock_offsets:
            if worker not in alive and worker not in self._barrier.frames:
                session.lost(worker, "went away without sending its last samples")

    def _receive(self, client_id: str, envelope: Any) -> None:
        def acknowledge(worker: str, seqs: list[int]) -> None:
            self._runner.send_message(ACK, {"run": envelope["run"], "seqs": seqs}, worker)

        del client_id  # frames carry their worker's name: they may come through another's hands
        self._conductor.receive(envelope, acknowledge)
