"""A run that is not on any more and still gets samples: its master died, or its workers were out of reach."""

import logging
import time

import gevent

from perf_core.errors import PerfError
from perf_core.model.frame import Frame
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.lock import RunLock
from perf_locust.ledger import Acknowledge, Ledger
from perf_locust.messages import MASTER
from perf_locust.native_thread import in_native_thread
from perf_locust.repair import Repaired, close_anew
from perf_locust.settings import Settings

log = logging.getLogger(__name__)
QUIET = 3.0
"""Seconds without a frame after which nothing more is expected."""
LONGEST = 120.0


class Recovery:
    """Takes the frames of one such run, then closes the run anew."""

    def __init__(self, store: RunStore, folder: RunFolder, lock: RunLock, settings: Settings) -> None:
        """Go on with the log as it is; the lock is ours."""
        self._store, self._folder, self._lock, self._settings = store, folder, lock, settings
        self._ledger = Ledger(folder.frames_log, settings.flush_elements, settings.flush_seconds)
        self._last = time.monotonic()
        self._drained: dict[str, int] = {}
        self.came: set[str] = set()
        """Workers that sent something."""

    def receive(self, payloads: list[bytes], acknowledge: Acknowledge) -> list[Frame]:
        """Take frames; return those that are new."""
        self._last = time.monotonic()
        frames = list(self._ledger.receive(payloads, acknowledge))
        self.came |= {frame.worker for frame in frames}
        return frames

    def drained(self, worker: str, frames: int) -> None:
        """Note how many frames a worker has cut in all."""
        self._drained[worker] = frames

    def run(self, patience: float) -> Repaired | None:
        """Wait `patience` seconds for samples, and longer while some come; then close the run."""
        began = time.monotonic()
        while not self._complete():
            now = time.monotonic()
            if (now - began > patience and now - self._last > QUIET) or now - began > LONGEST:
                break
            gevent.sleep(0.1)
        self._ledger.flush(self._settings.drain_seconds)
        self._ledger.close()
        try:
            repaired = in_native_thread(
                close_anew, self._store, self._folder, self._settings.spool_dir, tuple(sorted(self.came))
            )
        except PerfError as cause:
            log.error("run %s could not be closed: %s", self._folder.id, cause)  # noqa: TRY400  one sentence
            return None
        finally:
            self._lock.release()
        if repaired.finished is not None:
            info = repaired.finished.info
            log.warning("run %s is %s with %d requests", info.id, str(info.state).upper(), info.requests)
        return repaired

    def _complete(self) -> bool:
        """Return whether every worker known in the log has said how much there is, and it is here."""
        workers = [worker for worker in self._ledger.workers if not worker.startswith(MASTER)]
        return bool(workers) and all(
            worker in self._drained and not self._ledger.missing(worker, self._drained[worker]) for worker in workers
        )
