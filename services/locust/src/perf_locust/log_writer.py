"""Appends frames to a run's log through gevent's native thread pool, so that no user ever waits for a disk."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import gevent
from gevent.event import Event

from perf_core.runstore.frame_log import MAGIC, record

log = logging.getLogger(__name__)
RETRY = 5.0
"""Seconds between two attempts on a volume that refused."""


class LogWriter:
    """Group commit: one write and one fsync for all frames that wait; `on_durable` hears of each afterwards.

    A volume that is full or read-only does not end the run: frames stay in memory, the log is cut back to its last
    whole record, and every few seconds it is tried again.
    """

    def __init__(self, path: Path, frames: int, seconds: float) -> None:
        """Write to `path` when `frames` frames wait or the first has waited `seconds`."""
        self._path, self._frames, self._seconds = path, frames, seconds
        self._waiting: list[tuple[bytes, Callable[[], None]]] = []
        self._wake, self._idle = Event(), Event()
        self._idle.set()
        self._good = 0
        self.error: str | None = None
        self.largest_wait = 0.0
        self._greenlet = gevent.spawn(self._run)

    def append(self, payload: bytes, on_durable: Callable[[], None]) -> None:
        """Queue a frame; returns at once."""
        self._waiting.append((payload, on_durable))
        self._idle.clear()
        if len(self._waiting) >= self._frames or len(self._waiting) == 1:
            self._wake.set()

    def flush(self, timeout: float) -> bool:
        """Wait until everything is on disk; return whether it is."""
        self._frames = 1
        self._wake.set()
        return bool(self._idle.wait(timeout))

    def close(self) -> list[bytes]:
        """Stop; return the frames that never reached the disk."""
        self._greenlet.kill(block=True)
        return [payload for payload, _ in self._waiting]

    def _run(self) -> None:
        while True:
            self._wake.wait()
            if len(self._waiting) < self._frames:
                self._wake.clear()
                self._wake.wait(self._seconds)
            self._wake.clear()
            if self._waiting and not self._write(self._waiting):
                gevent.sleep(RETRY)
                self._wake.set()

    def _write(self, batch: list[tuple[bytes, Callable[[], None]]]) -> bool:
        count, data = len(batch), b"".join(record(payload) for payload, _ in batch)
        began = time.perf_counter()
        try:
            self._good = gevent.get_hub().threadpool.apply(_append, (self._path, self._good, data))
        except OSError as cause:
            if self.error is None:
                log.error(  # noqa: TRY400  the cause is in the message, a traceback would not help
                    "cannot write %s (%s); the run goes on in memory - free space on the volume",
                    self._path,
                    cause.strerror,
                )
            self.error = cause.strerror or str(cause)
            return False
        self.error = None
        self.largest_wait = max(self.largest_wait, time.perf_counter() - began)
        done, self._waiting = self._waiting[:count], self._waiting[count:]
        for _, on_durable in done:
            on_durable()
        if self._waiting:
            self._wake.set()
        else:
            self._idle.set()
        return True


def _append(path: Path, good: int, data: bytes) -> int:
    """Write `data` after the first `good` bytes and return the new length; runs in a native thread."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        if not good:
            data = MAGIC + data
        os.ftruncate(handle, good)
        os.lseek(handle, good, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
        return good + len(data)
    finally:
        os.close(handle)
