"""The drain barrier: the end of a run waits until every worker has stopped its users and emptied itself."""

import logging
import time

import gevent
from locust.rpc import Message
from locust.runners import STATE_INIT, STATE_MISSING, MasterRunner

from perf_locust.messages import DRAIN, DRAINED

log = logging.getLogger(__name__)


class Barrier:
    """Asks the workers to drain and waits for them; a dead worker holds it up only until it is known dead."""

    def __init__(self, runner: MasterRunner) -> None:
        """Listen for the workers' answers."""
        self._runner = runner
        self.frames: dict[str, int] = {}
        """Worker -> how many frames it has cut; filled by those that drained."""
        runner.register_message(DRAINED, self.on_drained)

    def begin(self) -> None:
        """Forget the answers of the run before."""
        self.frames = {}

    def on_drained(self, msg: Message, **_: object) -> None:
        """Note that a worker is empty."""
        self.frames[msg.node_id] = int(msg.data["frames"])

    def wait(self, run_id: str, seconds: float) -> tuple[str, ...]:
        """Drain all workers that take part; return those that did not answer within `seconds`."""
        asked = [worker.id for worker in self._runner.clients.all if worker.state not in (STATE_MISSING, STATE_INIT)]
        for worker in asked:
            self._runner.send_message(DRAIN, {"run": run_id}, worker)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            left = tuple(worker for worker in asked if worker not in self.frames and self._alive(worker))
            if not left:
                return ()
            gevent.sleep(0.02)
        log.error("drain.timeout", extra={"workers": left})
        return left

    def _alive(self, worker: str) -> bool:
        node = self._runner.clients.get(worker)
        return node is not None and node.state != STATE_MISSING
