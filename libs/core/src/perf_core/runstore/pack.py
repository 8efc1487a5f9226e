"""A run in one small file, for baselines that travel: facts and histograms, without gauges.

Up to a size every second is packed as recorded. Above, time is packed in windows (at most 128) whose histograms
are of the k = 5 layout, beside the histogram of the whole run of k = 10. Unpacking gives every request of a window a
fine bucket inside its coarse one, drawn without replacement from those of the whole run: the run's distribution stays
exact, a window's is exact to 3 %, and the same file always unpacks to the same run.
"""

import lzma
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgpack

from perf_core.errors import DamagedRunError
from perf_core.model.frame import Frame, FrameError, FrameKey, FrameRow
from perf_core.model.run import RunInfo
from perf_core.model.series import OutcomeSeries
from perf_core.runstore.codec import info_from_document, info_to_document
from perf_core.runstore.pack_series import (
    coarsened,
    read_series,
    refined,
    rows_of_series,
    window_seconds,
    write_series,
)
from perf_core.runstore.recording import outcome_series

MAGIC = b"perf-platform pack 1\n"
SET_MAGIC = b"perf-platform set 1\n"
"""Before several packs in one file: the runs of a baseline that is a set."""
LIMIT = 900_000
"""Bytes up to which seconds are packed as they are."""
LARGEST = 300_000_000
"""Bytes a pack may unfold to; more is no run, but an attack."""
_WORKER = "packed"


@dataclass(frozen=True, slots=True, eq=False)
class PackedRun:
    """What a pack holds: the facts, and all samples as one frame."""

    info: RunInfo
    frame: Frame


def pack(info: RunInfo, frames: Iterable[Frame], limit: int = LIMIT) -> bytes:
    """Return the run as the bytes of one file."""
    rows, errors = _gathered(frames)
    series = {key: outcome_series(parts) for key, parts in rows.items()}
    exact = _written(info, errors, [(key, write_series(each)) for key, each in series.items()])
    if len(exact) <= limit:
        return exact
    width = window_seconds(series.values())
    origin = int((info.started or 0.0) + info.ramp_up + 0.999)
    return _written(info, errors, [(key, coarsened(each, origin, width)) for key, each in series.items()])


def pack_set(runs: Sequence[tuple[RunInfo, Iterable[Frame]]], limit: int = LIMIT) -> bytes:
    """Return one or more runs as the bytes of one file; they share the limit."""
    packs = [pack(info, frames, limit // len(runs)) for info, frames in runs]
    written: bytes = packs[0] if len(packs) == 1 else SET_MAGIC + msgpack.packb(packs)
    return written


def unpack_set(data: bytes) -> tuple[PackedRun, ...]:
    """Return the runs of `pack_set`, or the one of `pack`.

    Raises:
        DamagedRunError: as for `unpack`.
    """
    if not data.startswith(SET_MAGIC):
        return (unpack(data),)
    try:
        packs = list(msgpack.unpackb(data[len(SET_MAGIC) :]))
    except (TypeError, ValueError, msgpack.UnpackException) as cause:
        raise DamagedRunError(f"the packed runs cannot be read ({cause}); pack them again") from cause
    if not packs or not all(isinstance(each, bytes) for each in packs):
        raise DamagedRunError("the packed runs cannot be read; pack them again")
    return tuple(unpack(each) for each in packs)


def unpack(data: bytes) -> PackedRun:
    """Return the run of `pack`.

    Raises:
        DamagedRunError: the bytes are no pack, or one of a newer version.
    """
    if not data.startswith(MAGIC):
        raise DamagedRunError("this is no packed run; make one with `perf-platform pack RUN FILE`")
    try:
        document: dict[str, Any] = msgpack.unpackb(_unfolded(data), raw=False, unicode_errors="surrogatepass")
        info = info_from_document(document["info"])
        rows: list[FrameRow] = []
        for key, packed in document["series"]:
            rows += rows_of_series(FrameKey(*key), _series(packed))
        errors = tuple(FrameError(FrameKey(*key), text, count) for key, text, count in document["errors"])
    except (KeyError, IndexError, TypeError, ValueError, msgpack.UnpackException, lzma.LZMAError) as cause:
        raise DamagedRunError(f"the packed run cannot be read ({cause}); pack it again") from cause
    return PackedRun(info, Frame(_WORKER, 1, info.ended or 0.0, tuple(rows), errors))


def _gathered(
    frames: Iterable[Frame],
) -> tuple[dict[FrameKey, list[FrameRow]], dict[tuple[FrameKey, str], int]]:
    rows: defaultdict[FrameKey, list[FrameRow]] = defaultdict(list)
    errors: defaultdict[tuple[FrameKey, str], int] = defaultdict(int)
    seen: set[tuple[str, int]] = set()
    for frame in frames:
        if (frame.worker, frame.seq) in seen:
            continue
        seen.add((frame.worker, frame.seq))
        for row in frame.rows:
            rows[row.key].append(row)
        for error in frame.errors:
            errors[error.key, error.text] += error.count
    return rows, errors


def _written(
    info: RunInfo, errors: dict[tuple[FrameKey, str], int], series: list[tuple[FrameKey, dict[str, Any]]]
) -> bytes:
    document = {
        "info": info_to_document(replace(info, finish_steps=())),
        "series": [(_names(key), packed) for key, packed in series],
        "errors": [(_names(key), text, count) for (key, text), count in errors.items()],
    }
    packed: bytes = msgpack.packb(document, use_bin_type=True, unicode_errors="surrogatepass")
    return MAGIC + lzma.compress(packed, preset=6)


def _names(key: FrameKey) -> tuple[str, str, str]:
    return key.method, key.name, key.error_class


def _series(packed: dict[str, Any]) -> OutcomeSeries:
    return refined(packed) if "whole" in packed else read_series(packed)


def _unfolded(data: bytes) -> bytes:
    folded = lzma.LZMADecompressor()
    content = folded.decompress(data[len(MAGIC) :], LARGEST)
    if not folded.eof:
        raise ValueError("it is not complete, or too large")
    return content
