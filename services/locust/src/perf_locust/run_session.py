"""One run as its master sees it, from the first user to the last frame."""

import json
import logging
import os
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from perf_core.errors import DamagedRunError, RunStoreError
from perf_core.model.frame import Frame
from perf_core.model.run import Interval, RunEvent, RunInfo
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.atomic import write_atomically
from perf_core.runstore.frame_codec import decode_frame
from perf_core.runstore.lock import RunLock
from perf_core.runstore.merge import remove_if_empty
from perf_core.runstore.spool import claim, left_spools
from perf_locust.cut_off import CUT_OFF
from perf_locust.ledger import Acknowledge, Ledger
from perf_locust.losses import Loss
from perf_locust.native_thread import in_native_thread
from perf_locust.settings import Settings
from perf_locust.validity import Incidents

log = logging.getLogger(__name__)


class RunSession:
    """The open run: its folder, its ledger and what happened to it."""

    def __init__(self, store: RunStore, info: RunInfo, baselines: tuple[RunInfo, ...], settings: Settings) -> None:
        """Make the run's folder and begin its ledger."""
        self.store, self._settings = store, settings
        self.baseline = baselines[0] if baselines else None
        more = tuple(run.id for run in baselines[1:])
        self.info = replace(info, baseline=self.baseline.id if self.baseline else None, more_baselines=more)
        self.folder: RunFolder = store.create(self.info)
        self._lock = RunLock.take(self.folder.path)
        self.ledger = Ledger(self.folder.frames_log, settings.flush_elements, settings.flush_seconds)
        self.began = time.monotonic()
        self.over = False
        """Whether the load is over."""
        self._losses: dict[str, Loss] = {}
        self._silent: list[str] = []
        self._recovered: set[str] = set()
        self._unwritten: list[bytes] = []
        self._unsaved = self._refused = False

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

    def happened(self, kind: str, text: str, stage: str | None = None) -> None:
        """Note an event that happens now, and the load that begins with it."""
        self.note(RunEvent(time.time(), kind, text, stage))

    def note(self, event: RunEvent) -> None:
        """Note an event."""
        log.info("run.event: %s: %s", event.kind, event.text)
        self.info = replace(self.info, events=(*self.info.events, event))
        self._unsaved = True

    def unsettled(self, interval: Interval) -> None:
        """Note a stretch that is not to be compared."""
        self.info = replace(self.info, unsettled=(*self.info.unsettled, interval))
        self._unsaved = True

    def limited(self, limits: str) -> None:
        """Note the limits of a worker; the fingerprint names every kind once."""
        known = self.info.fingerprint.get("worker_limits", "").split("; ")
        if limits and limits not in known:
            every = "; ".join(sorted({limits, *known} - {""}))
            self.info = replace(self.info, fingerprint={**self.info.fingerprint, "worker_limits": every})
            self._unsaved = True

    def spawned(self) -> None:
        """Note that all users are started; what came before is ramp-up."""
        if not self.info.ramp_up:
            self.info = replace(self.info, ramp_up=max(self.elapsed, 1e-3))
            self._unsaved = True

    def save(self) -> None:
        """Write what happened since the last call into run.json, so that it outlives this process."""
        if not self._unsaved:
            return
        self._unsaved = False
        try:
            in_native_thread(self.folder.write_info, self.info)
        except RunStoreError as cause:
            self._unsaved = True
            if not self._refused:
                log.warning("%s; it is tried again until the run ends", cause)
            self._refused = True
        else:
            self._refused = False

    def lost(self, worker: str, why: str) -> None:
        """Note that a worker went away without emptying itself."""
        if worker not in self._losses:
            book = self.ledger.workers[worker]
            self._losses[worker] = Loss(worker, why, book.users, book.most_requests)
            self.happened("worker_lost", f"{worker} {why}")

    def silent(self, worker: str) -> None:
        """Note that a worker has users and sends no samples."""
        if worker not in self._silent:
            self._silent.append(worker)
            self.happened("worker_lost", f"{worker} has users and sends no samples")

    def is_lost(self, worker: str) -> bool:
        """Return whether nothing is to be expected of the worker."""
        return worker in self._losses or worker in self._silent

    def recovered(self, worker: str) -> None:
        """Note that what the spool of a dead worker held is in the ledger."""
        self._recovered.add(worker)

    def ended(self) -> None:
        """Note that the load is over; everything after is paperwork."""
        self.over = True
        self.info = replace(self.info, ended=time.time())

    def receive(self, payloads: list[bytes], acknowledge: Acknowledge) -> list[Frame]:
        """Take frames; return those that are new."""
        failing = self.ledger.write_error
        frames = list(self.ledger.receive(payloads, acknowledge))
        if failing and not any(event.kind == "writing_failed" for event in self.info.events):
            self.happened("writing_failed", f"the volume refuses ({failing}); frames are kept in memory")
        for frame in frames:
            if users := int(frame.gauges.get(CUT_OFF, 0)):
                self._cut_off(frame.worker, users)
        return frames

    def settle(self, timeout: float) -> list[Frame]:
        """Take what dead workers left in spools on this machine, and bring the ledger to disk; return the frames."""
        with ExitStack() as claims:
            written: list[Path] = []
            frames = self._take_spools(claims, written)
            if self.ledger.flush(timeout):
                for path in written:
                    path.unlink(missing_ok=True)
                remove_if_empty(self._settings.spool_dir / self.info.id)
        self._unwritten = self.ledger.close()
        unwritten = sum(decode_frame(each).requests for each in self._unwritten)
        if unwritten:
            log.error(
                "%d requests of run %s could not be written (%s); when the volume can be written again, "
                "`perf-platform repair` brings in what the spools have",
                unwritten,
                self.info.id,
                self.ledger.write_error,
            )
        losses = [each.told(recovered=each.worker in self._recovered) for each in self._losses.values()]
        self.info = replace(self.info, lost_requests=unwritten + sum(each.requests for each in losses))
        self._losses = {each.worker: each for each in losses}
        return frames

    def close(self) -> None:
        """Let others write this run: a repair, or a master that gets late frames."""
        if self._lock is not None:
            self._lock.release()

    def incidents(self) -> Incidents:
        """Return what went wrong outside the samples."""
        return Incidents(
            lost_workers=tuple(each.sentence for each in self._losses.values()),
            silent_workers=tuple(self._silent),
            unwritten_frames=len(self._unwritten),
            clock_skew=self.ledger.clock_skew,
        )

    def _cut_off(self, worker: str, users: int) -> None:
        """Note users that were killed: Locust records no request that has not ended."""
        self.happened(
            "cut_off",
            f"{users} users of {worker} were still at work when the stop timeout ended: "
            f"at most {users} requests in flight are not recorded; a longer --stop-timeout lets them end",
        )

    def _take_spools(self, claims: ExitStack, written: list[Path]) -> list[Frame]:
        frames = []
        for path in left_spools(self._settings.spool_dir, self.info.id):
            try:
                contents = claims.enter_context(claim(path))
            except (DamagedRunError, OSError) as cause:
                log.warning("spool.unusable: %s", cause)
                continue
            if contents is not None:
                frames += self.receive(list(contents.frames), lambda *_: None)
                self.recovered(contents.worker)
                written.append(path)
        return frames
