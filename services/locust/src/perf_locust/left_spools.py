"""What killed workers left in this machine's spool folder, brought to the master by a worker that lives."""

import logging
import time
from pathlib import Path

import gevent
from locust.runners import WorkerRunner

from perf_core.errors import DamagedRunError
from perf_core.runstore.frame_codec import decode_frame
from perf_core.runstore.merge import remove_if_empty
from perf_core.runstore.spool import SpoolContents, claim, left_spools
from perf_locust.messages import FRAMES
from perf_locust.process_id import own_process

log = logging.getLogger(__name__)
PATIENCE = 20.0
"""Seconds in which the master must have taken a spool; else the file is left for `perf-platform repair`."""
AT_ONCE = 50
"""Frames in one message."""


class LeftSpools:
    """Delivers the spools of workers that are gone, once, at the start of a worker."""

    def __init__(self, runner: WorkerRunner, folder: Path) -> None:
        """Know where spools are."""
        self._runner, self._folder = runner, folder
        self._open: tuple[str, str] | None = None
        self._waiting: dict[int, bytes] = {}
        self._refused = False

    def deliver(self) -> None:
        """Deliver all; a file goes when the master has everything that it holds on disk."""
        for path in left_spools(self._folder):
            try:
                with claim(path) as contents:
                    if contents is not None and self._deliver(contents):
                        path.unlink(missing_ok=True)
                        log.info("spool.delivered", extra={"run_id": contents.run_id, "worker": contents.worker})
            except (DamagedRunError, OSError) as cause:
                log.warning("spool.unusable: %s", cause)
            remove_if_empty(path.parent)

    def on_ack(self, run_id: str, worker: str, seqs: list[int]) -> None:
        """Note what the master has; no number at all means that it cannot take frames of this run."""
        if self._open == (run_id, worker):
            self._refused = not seqs
            for seq in seqs:
                self._waiting.pop(seq, None)

    def _deliver(self, contents: SpoolContents) -> bool:
        self._open, self._refused = (contents.run_id, contents.worker), False
        self._waiting = {decode_frame(each).seq: each for each in contents.frames}
        deadline = time.monotonic() + PATIENCE
        while self._waiting and not self._refused and time.monotonic() < deadline:
            batch = list(self._waiting.values())[:AT_ONCE]
            self._runner.send_message(
                FRAMES, {"run": contents.run_id, "process": own_process(), "worker": contents.worker, "frames": batch}
            )
            before, again = len(self._waiting), time.monotonic() + 2.0
            while len(self._waiting) > before - len(batch) and not self._refused and time.monotonic() < again:
                gevent.sleep(0.05)
        self._open = None
        return not self._waiting
