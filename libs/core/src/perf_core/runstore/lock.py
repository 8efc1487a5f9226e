"""Locks that end with their process, however it ends: they tell whether somebody still works on a file."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def try_lock(handle: int) -> bool:
    """Lock an open file if nobody else holds it; return whether it is ours now."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class RunLock:
    """Held by whoever writes a run: its live master, or a repair."""

    def __init__(self, handle: int) -> None:
        """Own an open, locked file."""
        self._handle: int | None = handle

    @classmethod
    def take(cls, folder: Path) -> "RunLock | None":
        """Lock a run folder; None when a live process holds it.

        Raises:
            OSError: the folder cannot be written.
        """
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if try_lock(handle):
            return cls(handle)
        os.close(handle)
        return None

    def release(self) -> None:
        """Let others write."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of a run folder; yields whether it could be had."""
    lock = RunLock.take(folder)
    try:
        yield lock is not None
    finally:
        if lock is not None:
            lock.release()
