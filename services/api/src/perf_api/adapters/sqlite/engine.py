"""The threads of one SQLite file: a writer and some readers."""

import sqlite3
from pathlib import Path
from typing import Any

from perf_api.adapters.sqlite.jobs import Work
from perf_api.adapters.sqlite.lock import FileLock
from perf_api.adapters.sqlite.readers import Readers
from perf_api.adapters.sqlite.schema import SCHEMA, connect
from perf_api.adapters.sqlite.writer import Writer

MEMORY = ":memory:"
_GROUP_LIMIT = 1000
_READERS = 3


class DatabaseFileError(Exception):
    """Raised when the file cannot be opened or is no database."""


class Engine:
    """Reads and writes of one file; the writes of all coroutines share commits."""

    def __init__(self, path: str, synchronous: str = "FULL", group_limit: int = _GROUP_LIMIT) -> None:
        """Open the file, alone.

        `synchronous`: FULL survives a loss of power, NORMAL only that of the process.
        `group_limit`: writes per commit.

        Raises:
            DatabaseInUseError: another process has the file.
            DatabaseFileError: it cannot be opened, or is no database.
        """
        self._lock = None if path == MEMORY else _lock(path)
        try:
            self._connections = _connections(path, synchronous)
        except sqlite3.Error as cause:
            if self._lock is not None:
                self._lock.release()
            raise DatabaseFileError(f"{path} cannot be opened: {cause}; name another file") from cause
        writing, *reading = self._connections
        self._writer = Writer(writing, group_limit)
        self._readers = Readers(reading) if reading else None

    async def write(self, work: Work) -> Any:
        """Run work in a transaction and return what it returns, once that is on the disk."""
        return await self._writer.do(work)

    async def read(self, work: Work) -> Any:
        """Run work that changes nothing; it sees what was committed before it began."""
        return await (self._readers or self._writer).do(work)

    def close(self) -> None:
        """Finish what is queued and close."""
        self._writer.stop()
        if self._readers is not None:
            self._readers.stop()
        for connection in reversed(self._connections):
            connection.close()
        if self._lock is not None:
            self._lock.release()


def _lock(path: str) -> FileLock:
    folder = Path(path).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(Path(path))
    except OSError as cause:
        raise DatabaseFileError(f"{path} cannot be opened: {cause.strerror}; name another file") from cause


def _connections(path: str, synchronous: str) -> list[sqlite3.Connection]:
    """Return the writing connection and the reading ones; a database in memory has but one, which does both."""
    readers = 0 if path == MEMORY else _READERS
    writing = connect(path, synchronous)
    writing.executescript(SCHEMA)
    return [writing, *(connect(path, synchronous) for _ in range(readers))]
