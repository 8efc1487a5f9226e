"""One run as its master sees it, from the first user to the last frame."""

import json
import logging
import os
import time
from dataclasses import replace

from perf_core.errors import RunStoreError
from perf_core.model.run import RunEvent, RunInfo
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.atomic import write_atomically
from perf_locust.ledger import Ledger
from perf_locust.settings import Settings
from perf_locust.validity import Incidents

log = logging.getLogger(__name__)


class RunSession:
    """The open run: its folder, its ledger and what happened to it."""

    def __init__(self, store: RunStore, info: RunInfo, baseline: RunInfo | None, settings: Settings) -> None:
        """Make the run's folder and begin its ledger."""
        self.store, self.baseline = store, baseline
        self.info = replace(info, baseline=baseline.id if baseline else None)
        self.folder: RunFolder = store.create(self.info)
        self.ledger = Ledger(self.folder.frames_log, settings.flush_frames, settings.flush_seconds)
        self.began = time.monotonic()
        self._lost: dict[str, str] = {}
        self._missing_frames = 0
        self._unwritten: list[bytes] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began

    def advertise(self, url: str, token: str) -> None:
        """Write where the master of this run is reached, for `pace`, the command and the exporter of this user."""
        document = {"url": url, "token": token, "pid": os.getpid()}
        try:
            write_atomically(self.folder.path / "master.json", json.dumps(document).encode(), mode=0o600)
        except RunStoreError as cause:
            log.warning("%s", cause)

    def happened(self, kind: str, text: str) -> None:
        """Note an event."""
        self.info = replace(self.info, events=(*self.info.events, RunEvent(time.time(), kind, text)))

    def spawned(self) -> None:
        """Note that all users are started; what came before is ramp-up."""
        if not self.info.ramp_up:
            self.info = replace(self.info, ramp_up=max(self.elapsed, 1e-3))

    def lost(self, worker: str, why: str) -> None:
        """Note that a worker went away without emptying itself."""
        if worker not in self._lost:
            self._lost[worker] = why
            self.happened("worker_lost", f"{worker}: {why}")

    def ended(self) -> None:
        """Note that the load is over; everything after is paperwork."""
        self.info = replace(self.info, ended=time.time())

    def settle(self, frames: dict[str, int], unanswered: tuple[str, ...], timeout: float) -> None:
        """Bring the ledger to disk, and count what the workers have cut and never delivered."""
        for worker in unanswered:
            self.lost(worker, "did not answer at the end of the run")
        self.ledger.flush(timeout)
        self._unwritten = self.ledger.close()
        self._missing_frames = sum(self.ledger.missing(worker, count) for worker, count in frames.items())

    def incidents(self) -> Incidents:
        """Return what went wrong outside the samples."""
        offsets = self.ledger.clock_offsets.values()
        return Incidents(
            lost_workers=tuple(self._lost),
            missing_frames=self._missing_frames,
            unwritten_frames=len(self._unwritten),
            clock_skew=max(offsets) - min(offsets) if offsets else 0.0,
        )
