"""The frame log: append-only records of [length u32][crc32 u32][payload], readable up to the last good one."""

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_HEAD = struct.Struct("<II")
MAGIC = b"perf-platform frames 1\n"


@dataclass(frozen=True, slots=True)
class LogScan:
    """What a scan found: the good payloads, and how many bytes at the end are not a whole record."""

    payloads: tuple[bytes, ...]
    good_bytes: int
    torn_bytes: int


def record(payload: bytes) -> bytes:
    """Return the payload framed for the log."""
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def scan(path: Path) -> LogScan:
    """Return every record up to the first that is torn or damaged; an absent file holds none."""
    data = path.read_bytes() if path.exists() else b""
    if not data.startswith(MAGIC):
        return LogScan((), 0, len(data))
    payloads, end = [], len(MAGIC)
    for payload, end_of_record in _records(data):
        payloads.append(payload)
        end = end_of_record
    return LogScan(tuple(payloads), end, len(data) - end)


def write_log(path: Path, payloads: Iterable[bytes]) -> None:
    """Write a whole log at once, for runs that do not come from a live master."""
    with path.open("wb") as file:
        file.write(MAGIC)
        file.writelines(record(payload) for payload in payloads)


def append(path: Path, good: int, data: bytes) -> int:
    """Write records after the first `good` bytes of a log, whatever stands there, fsync, and return the new length.

    Raises:
        OSError: the volume refuses; the log is readable up to `good` all the same.
    """
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


def _records(data: bytes) -> Iterator[tuple[bytes, int]]:
    at = len(MAGIC)
    while at + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, at)
        payload = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(payload) < length or zlib.crc32(payload) != checksum:
            return
        at += _HEAD.size + length
        yield payload, at
