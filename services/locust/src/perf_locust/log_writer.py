"""Appends frames to a run's log through gevent's native thread pool, so that no user ever waits for a disk."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gevent
from gevent.event import Event

from perf_core.runstore.frame_log import append, record
from perf_locust.native_thread import in_native_thread

log = logging.getLogger(__name__)
RETRY = 2.0
"""Seconds between two attempts on a volume that refused."""
SLOW = 60.0
"""Seconds that a volume which stands still, but does not refuse, is waited for at the end of a run."""
MOST_BYTES = 256 << 20
"""Frames that wait for the disk may take so much memory; more are left with the workers."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    payload: bytes
    elements: int
    on_durable: Callable[[], None]


class LogWriter:
    """Group commit: one write and one fsync for all frames that wait; `on_durable` hears of each afterwards.

    A volume that is full or read-only does not end the run: frames stay in memory, the log is cut back to its last
    whole record, and every few seconds it is tried again.
    """

    def __init__(self, path: Path, elements: int, seconds: float, good: int = 0) -> None:
        """Write behind the first `good` bytes when so many requests wait, or the first for so long."""
        self._path, self._elements, self._seconds = path, elements, seconds
        self._waiting: list[_Waiting] = []
        self._waiting_elements = self._waiting_bytes = 0
        self._wake, self._idle, self._at_rest = Event(), Event(), Event()
        self._idle.set()
        self._at_rest.set()
        self._closing = False
        self._good = good
        self.error: str | None = None
        """Why the volume refuses at the moment; None when it does not."""
        self.largest_wait = 0.0
        """Longest write in seconds."""
        self._greenlet = gevent.spawn(self._run)

    @property
    def full(self) -> bool:
        """Whether so much waits that nothing more may be appended now."""
        return self._waiting_bytes > MOST_BYTES

    def append(self, payload: bytes, elements: int, on_durable: Callable[[], None]) -> None:
        """Queue a frame of `elements` requests; returns at once."""
        self._waiting.append(_Waiting(payload, elements, on_durable))
        self._waiting_elements += elements
        self._waiting_bytes += len(payload)
        self._idle.clear()
        if self._waiting_elements >= self._elements or len(self._waiting) == 1:
            self._wake.set()

    def flush(self, timeout: float) -> bool:
        """Wait until everything is on disk; return whether it is."""
        self._elements = 0
        self._wake.set()
        return bool(self._idle.wait(timeout))

    def close(self) -> list[bytes]:
        """Stop; return the frames that never reached the disk.

        A write that is on its way cannot be called back: it is waited for, so that what it writes counts as written.
        """
        if self.error is None and not self._idle.is_set():
            log.warning("%s is written slowly; waiting up to %.0f s for the volume", self._path, SLOW)
            self._idle.wait(SLOW)
        self._closing = True
        self._at_rest.wait(SLOW)
        self._greenlet.kill(block=True)
        return [each.payload for each in self._waiting]

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            if self._waiting_elements < self._elements:
                self._wake.clear()
                self._wake.wait(self._seconds)
            self._wake.clear()
            if self._waiting and not self._write(self._waiting):
                gevent.sleep(RETRY)
                self._wake.set()

    def _write(self, batch: list[_Waiting]) -> bool:
        count, data = len(batch), b"".join(record(each.payload) for each in batch)
        began = time.perf_counter()
        self._at_rest.clear()
        try:
            self._good = in_native_thread(append, self._path, self._good, data)
        except OSError as cause:
            if self.error is None:
                log.error(  # noqa: TRY400  the cause is in the message, a traceback would not help
                    "cannot write %s (%s); the run goes on in memory - free space on the volume, or make it writable",
                    self._path,
                    cause.strerror,
                )
            self.error = cause.strerror or str(cause)
            return False
        finally:
            self._at_rest.set()
        if self.error is not None:
            log.warning("%s can be written again", self._path)
        self.error = None
        self.largest_wait = max(self.largest_wait, time.perf_counter() - began)
        done, self._waiting = self._waiting[:count], self._waiting[count:]
        self._waiting_elements -= sum(each.elements for each in done)
        self._waiting_bytes -= sum(len(each.payload) for each in done)
        for each in done:
            each.on_durable()
        if self._waiting:
            self._wake.set()
        else:
            self._idle.set()
        return True
