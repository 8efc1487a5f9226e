"""How many rows a worker has handed out of each sampler: a small file that outlives SIGKILL of its process."""

import contextlib
import json
import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from perf_core.runstore.lock import try_lock

_SUFFIX = ".rows"
_COUNT = struct.Struct("<Q")
_SIZE = 8192
_COUNTS_AT = 4096
MOST_SAMPLERS = (_SIZE - _COUNTS_AT) // _COUNT.size


@dataclass(frozen=True, slots=True)
class LeftBook:
    """What a worker that is gone has handed out, by sampler."""

    run_id: str
    worker: str
    used: dict[str, int]


class LeaseBook:
    """Counts of one worker in one run. The file is locked while its process lives."""

    def __init__(self, buffer: mmap.mmap, path: Path | None, handle: int | None) -> None:
        """Own an open file, or memory that ends with the process."""
        self._buffer, self._path, self._handle = buffer, path, handle

    @classmethod
    def create(cls, folder: Path, run_id: str, worker: str, samplers: tuple[str, ...]) -> "LeaseBook":
        """Make the file; without a folder that can be written the counts end with the process."""
        path = book_path(folder, run_id, worker)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        except OSError:
            return cls(mmap.mmap(-1, _SIZE), None, None)
        try_lock(handle)
        os.ftruncate(handle, _SIZE)
        buffer = mmap.mmap(handle, _SIZE)
        meta = json.dumps({"run": run_id, "worker": worker, "samplers": samplers}).encode()
        if len(meta) > _COUNTS_AT:  # many long names: whoever finds the book cannot tell them apart
            meta = json.dumps({"run": run_id, "worker": worker, "samplers": []}).encode()
        buffer[: len(meta)] = meta
        return cls(buffer, path, handle)

    def used(self, number: int, count: int) -> None:
        """Note that so many rows of sampler `number` were handed out."""
        _COUNT.pack_into(self._buffer, _COUNTS_AT + _COUNT.size * number, count)

    def close(self) -> None:
        """Remove the file: the run is over, or the master knows."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._path.parent.rmdir()
        self._buffer.close()  # it has the file open a second time, and with it the lock
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def book_path(folder: Path, run_id: str, worker: str) -> Path:
    """Return where the book of a worker is."""
    return folder / run_id / f"{quote(worker, safe=' ')}{_SUFFIX}"


def left_books(folder: Path) -> tuple[Path, ...]:
    """Return the books in a folder; whether their worker lives is for `take_book` to say."""
    return tuple(sorted(folder.glob(f"*/*{_SUFFIX}")))


@contextlib.contextmanager
def take_book(path: Path) -> Iterator[LeftBook | None]:
    """Yield what the book of a dead worker says, and remove it; None when the worker lives or there is no book."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        if try_lock(handle) and path.exists():
            yield _read(os.read(handle, _SIZE))
            path.unlink(missing_ok=True)
        else:
            yield None
    finally:
        os.close(handle)


def _read(data: bytes) -> LeftBook | None:
    try:
        meta = json.loads(data[:_COUNTS_AT].rstrip(b"\0"))
        used = {
            str(name): int(_COUNT.unpack_from(data, _COUNTS_AT + _COUNT.size * number)[0])
            for number, name in enumerate(meta["samplers"])
        }
        return LeftBook(str(meta["run"]), str(meta["worker"]), used)
    except (ValueError, KeyError, TypeError, struct.error):
        return None
