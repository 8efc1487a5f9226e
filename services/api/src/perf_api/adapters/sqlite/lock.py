"""One process per database file: a kernel lock, which is gone with its process however that ends."""

import fcntl
import os
from pathlib import Path
from typing import Self


class DatabaseInUseError(Exception):
    """Raised when another process (or another part of this one) has the file open."""


class FileLock:
    """An exclusive lock on `<database>.lock`; the file stays, the lock does not.

    It is a file of its own because closing any descriptor of the database itself would drop SQLite's own locks on it.
    """

    def __init__(self, database: Path) -> None:
        """Take the lock.

        Raises:
            DatabaseInUseError: somebody else has it.
            OSError: the file cannot be made.
        """
        self._descriptor = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as cause:
            holder = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise DatabaseInUseError(
                f"{database} is in use by process {holder or 'unknown'}; stop it, or name another file"
            ) from cause
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        """Return the lock."""
        return self

    def __exit__(self, *error: object) -> None:
        """Give the lock back."""
        self.release()
