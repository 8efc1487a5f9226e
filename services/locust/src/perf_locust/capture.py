"""Capture of one run in one process: recorder, readings, spool and outbound frames, put together."""

import logging
import time
from pathlib import Path

from locust.runners import STATE_RUNNING, Runner

from perf_core.model.frame import Frame
from perf_core.runstore.spool import Spool
from perf_locust.cut_off import CUT_OFF
from perf_locust.open_users import OpenUsers
from perf_locust.outbound import Outbound
from perf_locust.readings import Readings
from perf_locust.recorder import Recorder

log = logging.getLogger(__name__)


class Capture:
    """What a process records of one run."""

    def __init__(self, run_id: str, worker: str, spool_dir: Path, open_users: OpenUsers) -> None:
        """Begin to record; frames of this capture are numbered from 1."""
        self.run_id = run_id
        self._spool = _open_spool(spool_dir, run_id, worker)
        self.outbound = Outbound(run_id, self._spool)
        self.recorder = Recorder(self.cut, self._spool)
        self._worker, self._open_users = worker, open_users
        self._readings = Readings()
        self._seq = 1
        self._told_dropped = 0
        self._users = 0
        self._gone = 0.0
        self._cut_off = 0

    def count_users(self, runner: Runner) -> None:
        """Note how many users this process has, and the share of those it was given that are gone by themselves."""
        self._users, given = runner.user_count, runner.target_user_count
        settled = runner.state == STATE_RUNNING and given > 0
        self._gone = max(0.0, 1 - self._users / given) if settled else 0.0

    def no_users(self) -> None:
        """Note that all users were stopped."""
        self._users, self._gone = 0, 0.0

    def cut_off(self, users: int) -> None:
        """Note users that were killed at the end of the stop timeout, maybe with a request in flight."""
        self._cut_off += users

    def cut(self) -> Frame:
        """Make a frame of what was recorded since the last one and put it into the outbound queue."""
        cut = self.recorder.cut()
        users = {"users": float(self._users), "users_gone_ratio": self._gone}
        cut_off, self._cut_off = {CUT_OFF: float(self._cut_off)} if self._cut_off else {}, 0
        gauges = self._readings.take() | users | cut_off | self._open_users.gauges()
        dropped, self._told_dropped = self.outbound.dropped - self._told_dropped, self.outbound.dropped
        frame = Frame(
            self._worker,
            self._seq,
            time.time(),
            cut.rows,
            cut.errors,
            gauges,
            cut.rejected,
            cut.folded,
            notables=self.recorder.notables.take(),
            dropped=dropped,
            intended=self._open_users.rows(),
        )
        self.outbound.add(frame)
        self._seq += 1
        self.recorder.begin(self._seq)
        return frame

    @property
    def frames(self) -> int:
        """How many frames were cut."""
        return self._seq - 1

    @property
    def left(self) -> str:
        """What is left undelivered, as a sentence with its remedy."""
        waiting = f"the master has not taken {self.outbound.requests} requests of run {self.run_id}"
        if self._spool.path is None:
            return f"{waiting}, and there is no spool: they are lost; set PERF_SPOOL_DIR to a folder with room"
        return f"{waiting}; they are in {self._spool.path}: `perf-platform repair` brings them in"

    def stop(self) -> None:
        """Watch the event loop no longer."""
        self._readings.stop()

    def release(self) -> None:
        """Let go of the spool: its file goes when the master has everything, else it is for a repair."""
        if self.outbound.empty:
            self._spool.delete()
        else:
            self._spool.close()


def _open_spool(folder: Path, run_id: str, worker: str) -> Spool:
    try:
        return Spool.create(folder, run_id, worker)
    except OSError as cause:
        log.warning(
            "no spool in %s (%s): a SIGKILL of this process would lose its last second; set PERF_SPOOL_DIR",
            folder,
            cause.strerror,
        )
        return Spool.in_memory()
