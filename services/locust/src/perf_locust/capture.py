"""Capture of one run in one process: recorder, readings and outbound frames, put together."""

import time
from dataclasses import replace

from perf_core.model.frame import Frame
from perf_locust.outbound import Outbound
from perf_locust.readings import Readings
from perf_locust.recorder import Recorder


class Capture:
    """What a process records of one run."""

    def __init__(self, run_id: str, worker: str) -> None:
        """Begin to record; frames of this capture are numbered from 1."""
        self.outbound = Outbound(run_id)
        self.recorder = Recorder(when_full=self.cut)
        self._worker = worker
        self._readings = Readings()
        self._seq = 0
        self.users = 0

    def cut(self) -> Frame:
        """Make a frame of what was recorded since the last one and put it into the outbound queue."""
        cut = self.recorder.cut()
        self._seq += 1
        gauges = self._readings.take() | {"users": float(self.users)}
        frame = Frame(self._worker, self._seq, time.time(), cut.rows, cut.errors, gauges, cut.rejected, cut.folded)
        frame = replace(frame, notables=self.recorder.notables.take())
        self.outbound.add(frame)
        return frame

    @property
    def frames(self) -> int:
        """How many frames were cut."""
        return self._seq

    def stop(self) -> None:
        """Watch the event loop no longer."""
        self._readings.stop()
