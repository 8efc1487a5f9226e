"""What is read of the master and its host during a run, entered into the ledger like a worker's readings."""

import socket
import time

import gevent

from perf_core.model.frame import Frame
from perf_core.runstore.frame_codec import encode_frame
from perf_locust.conductor import Conductor
from perf_locust.messages import MASTER
from perf_locust.readings import Readings

EVERY = 1.0


class MasterReadings:
    """Enters readings of this process while a run is on."""

    def __init__(self, conductor: Conductor) -> None:
        """Begin with the run that is on."""
        self._conductor, self._session = conductor, conductor.session
        self._name = f"{MASTER}{socket.gethostname()}"
        self._seq = 0
        self._readings = Readings()
        self._greenlet = gevent.spawn(self._enter)

    def stop(self) -> None:
        """Read no longer."""
        self._greenlet.kill(block=False)
        self._readings.stop()

    def _enter(self) -> None:
        while self._session is not None and self._conductor.session is self._session and not self._session.over:
            gevent.sleep(EVERY)
            self._seq += 1
            frame = Frame(self._name, self._seq, time.time(), (), gauges=self._readings.take())
            self._conductor.receive(
                {"run": self._session.info.id, "process": "", "frames": [encode_frame(frame)]}, lambda *_: None
            )
