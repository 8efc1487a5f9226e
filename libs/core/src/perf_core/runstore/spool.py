"""The spool: what a worker recorded and its master has not on disk yet, in a file that outlives the worker.

The file is a memory map. Writing to it is writing to memory; when the process is killed, the page cache still has it
(not so when the machine loses power). It holds a head, the keys seen, the requests since the last frame, and, in two
halves of which one is valid, the frames not acknowledged. Whatever makes something count is written last, so that a
kill in between leaves the state before. The whole file is allocated at its creation: a volume that fills up later
cannot break the map.
"""

import contextlib
import json
import mmap
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from perf_core.errors import DamagedRunError
from perf_core.model.frame import Frame, FrameKey
from perf_core.runstore.frame_codec import decode_frame, encode_frame
from perf_core.runstore.lock import try_lock
from perf_core.runstore.records import RECORD, Records, rows_of

MAGIC = b"perf-platform spool 1\n\0\0"
CAPACITY = 1 << 13
"""Requests that fit between two frames: so few that to make a frame of them holds nobody up."""
_STATE = struct.Struct("=II")
_STATE_AT, _META_AT, _META_SIZE = 32, 64, 2048
_KEYS_AT, _KEYS_SIZE = 4096, 1 << 20
RECORDS_AT = _KEYS_AT + _KEYS_SIZE
RECORDS_END = RECORDS_AT + CAPACITY * RECORD.itemsize
_HALF = 4 << 20
SIZE = RECORDS_END + 2 * _HALF
_LENGTH = struct.Struct("=I")
_HEAD = struct.Struct("=II")
_SUFFIX = ".spool"


def generation_of(seq: int) -> int:
    """Return the mark, 1..65535, of the records that become frame `seq`."""
    return seq % 0xFFFF + 1


class Spool:
    """The writing end, in the worker. Without a file it is memory of the process and dies with it."""

    def __init__(self, buffer: mmap.mmap, path: Path | None = None, handle: int | None = None) -> None:
        """Own an empty buffer of `SIZE` bytes."""
        self.buffer, self.path, self._handle = buffer, path, handle
        self._keys_end = _KEYS_AT
        self._half, self._frames_end = 0, RECORDS_END
        self.begin(1)

    @classmethod
    def in_memory(cls) -> "Spool":
        """Return a spool without a file."""
        return cls(mmap.mmap(-1, SIZE))

    @classmethod
    def create(cls, folder: Path, run_id: str, worker: str) -> "Spool":
        """Make the file of a worker; it is locked as long as the process lives.

        Raises:
            OSError: the folder cannot be written, or has not the 10 MiB that a spool takes.
        """
        path = spool_path(folder, run_id, worker)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            try_lock(handle)
            _allocate(handle, SIZE)
            buffer = mmap.mmap(handle, SIZE)
            buffer[: len(MAGIC)] = MAGIC
            meta = json.dumps({"run": run_id, "worker": worker}).encode()
            buffer[_META_AT : _META_AT + len(meta)] = meta[:_META_SIZE]
            spool = cls(buffer, path, handle)
            draft.rename(path)
        except BaseException:
            os.close(handle)
            draft.unlink(missing_ok=True)
            raise
        return spool

    def add_key(self, key: FrameKey) -> bool:
        """Remember the next key; False when there is no room for it."""
        data = json.dumps([key.method, key.name, key.error_class], ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
        at, end = self._keys_end, self._keys_end + _LENGTH.size + len(data)
        if end > _KEYS_AT + _KEYS_SIZE - _LENGTH.size:
            return False
        self.buffer[at + _LENGTH.size : end] = data
        _LENGTH.pack_into(self.buffer, at, len(data))
        self._keys_end = end
        return True

    def begin(self, seq: int) -> None:
        """Say that the records from now on become frame `seq`; those before are in a frame."""
        if generation_of(seq) == 1:  # the marks begin anew: no record of their last round may be left
            self.buffer[RECORDS_AT:RECORDS_END] = bytes(RECORDS_END - RECORDS_AT)
        self._seq = seq
        _STATE.pack_into(self.buffer, _STATE_AT, seq, self._half)

    def keep(self, frame: bytes, waiting: Iterable[bytes]) -> bool:
        """Keep a frame; `waiting` are all frames still needed, itself included. False when they are too many."""
        start = RECORDS_END + self._half * _HALF
        if self._frames_end + _HEAD.size + len(frame) + _LENGTH.size <= start + _HALF:
            self._frames_end = self._write(self._frames_end, frame)
            return True
        return self._switch(list(waiting))

    def delete(self) -> None:
        """Remove the file: the master has everything."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # other workers of the run may still have theirs
                self.path.parent.rmdir()
        self.close()

    def close(self) -> None:
        """Let go of the file; it stays."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _switch(self, waiting: list[bytes]) -> bool:
        other = 1 - self._half
        start = RECORDS_END + other * _HALF
        if sum(len(each) + _HEAD.size for each in waiting) + _LENGTH.size > _HALF:
            return False
        _LENGTH.pack_into(self.buffer, start, 0)
        end = start
        for each in waiting:
            end = self._write(end, each)
        self._half, self._frames_end = other, end
        _STATE.pack_into(self.buffer, _STATE_AT, self._seq, other)
        return True

    def _write(self, at: int, frame: bytes) -> int:
        end = at + _HEAD.size + len(frame)
        _LENGTH.pack_into(self.buffer, end, 0)
        self.buffer[at + _HEAD.size : end] = frame
        _LENGTH.pack_into(self.buffer, at + _LENGTH.size, zlib.crc32(frame))
        _LENGTH.pack_into(self.buffer, at, len(frame))
        return end


@dataclass(frozen=True, slots=True)
class SpoolContents:
    """What a spool holds: the frames of a worker that the master may lack, the unfinished one made whole."""

    run_id: str
    worker: str
    frames: tuple[bytes, ...]


def spool_path(folder: Path, run_id: str, worker: str) -> Path:
    """Return where the spool of a worker is."""
    return folder / run_id / f"{quote(worker, safe=' ')}{_SUFFIX}"


def left_spools(folder: Path, run_id: str | None = None) -> tuple[Path, ...]:
    """Return the spools in a folder, of one run or of all; whether their worker lives is for `claim` to say."""
    return tuple(sorted(folder.glob(f"{run_id or '*'}/*{_SUFFIX}")))


@contextlib.contextmanager
def claim(path: Path) -> Iterator[SpoolContents | None]:
    """Lock a spool whose worker is gone and yield what it holds; None when the worker lives or the file is gone.

    Raises:
        DamagedRunError: the file is no spool.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield _read(path, handle) if try_lock(handle) and path.exists() else None
    finally:
        os.close(handle)


def _read(path: Path, handle: int) -> SpoolContents:
    data = os.read(handle, SIZE)
    while len(data) < SIZE and (more := os.read(handle, SIZE - len(data))):
        data += more
    if len(data) != SIZE or not data.startswith(MAGIC):
        raise DamagedRunError(f"{path} is not a spool of this version; remove it")
    try:
        meta = json.loads(data[_META_AT : _META_AT + _META_SIZE].rstrip(b"\0"))
        seq, half = _STATE.unpack_from(data, _STATE_AT)
        frames = _frames(data, RECORDS_END + half * _HALF)
        last = _unfinished(data, meta["worker"], seq)
    except (KeyError, ValueError, struct.error) as cause:
        raise DamagedRunError(f"{path} cannot be read ({cause}); remove it") from cause
    in_a_frame = bool(frames) and decode_frame(frames[-1]).seq == seq  # killed before it could begin the next
    whole = frames if last is None or in_a_frame else (*frames, encode_frame(last))
    return SpoolContents(meta["run"], meta["worker"], whole)


def _frames(data: bytes, at: int) -> tuple[bytes, ...]:
    found: list[bytes] = []
    while True:
        length, checksum = _HEAD.unpack_from(data, at)
        frame = data[at + _HEAD.size : at + _HEAD.size + length]
        if not length or zlib.crc32(frame) != checksum:
            return tuple(found)
        found.append(frame)
        at += _HEAD.size + length


def _unfinished(data: bytes, worker: str, seq: int) -> Frame | None:
    records: Records = np.frombuffer(data, dtype=RECORD, count=CAPACITY, offset=RECORDS_AT)
    others = np.flatnonzero(records["generation"] != generation_of(seq))
    records = records[: others[0] if len(others) else CAPACITY]
    if not len(records):
        return None
    rows, rejected = rows_of(records, _keys(data))
    ends = records["start"] + np.nan_to_num(records["ms"], posinf=0.0, neginf=0.0) / 1000
    return Frame(worker, seq, float(ends.max()), rows, rejected=rejected)


def _keys(data: bytes) -> list[FrameKey]:
    keys, at = [], _KEYS_AT
    while length := _LENGTH.unpack_from(data, at)[0]:
        text = data[at + _LENGTH.size : at + _LENGTH.size + length].decode("utf-8", "surrogatepass")
        keys.append(FrameKey(*json.loads(text)))
        at += _LENGTH.size + length
    return keys


def _allocate(handle: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.ftruncate(handle, size)
