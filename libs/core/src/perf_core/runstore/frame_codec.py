"""Frames as bytes: msgpack with packed arrays, the same bytes on the wire and in the log."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import msgpack
import numpy as np

from perf_core.errors import DamagedRunError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.frame import Frame, FrameError, FrameKey, FrameRow
from perf_core.model.histogram import IntArray
from perf_core.model.notable import NotableRequest

VERSION = 1
_COUNT_TYPES = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}


def encode_frame(frame: Frame) -> bytes:
    """Return the frame as bytes; names are written once, buckets take 2 bytes, counts the fewest that hold them."""
    keys: dict[FrameKey, int] = {}
    rows, intended = _packed_rows(frame.rows, keys), _packed_rows(frame.intended, keys)
    errors = [(keys.setdefault(each.key, len(keys)), each.text, each.count) for each in frame.errors]
    document = {
        "v": VERSION,
        "w": frame.worker,
        "s": frame.seq,
        "t": frame.cut_at,
        "k": [(key.method, key.name, key.error_class) for key in keys],
        "r": rows,
        "e": errors,
        "g": frame.gauges,
        "x": frame.rejected,
        "f": frame.folded,
        "n": [_packed_notable(each) for each in frame.notables],
        "d": frame.dropped,
        **({"i": intended} if intended else {}),
    }
    packed: bytes = msgpack.packb(document, use_bin_type=True, unicode_errors="surrogatepass")
    return packed


def decode_frame(data: bytes) -> Frame:
    """Return the frame of `encode_frame`.

    Raises:
        DamagedRunError: the bytes are no frame, or one of a newer version.
    """
    try:
        document: dict[str, Any] = msgpack.unpackb(data, raw=False, unicode_errors="surrogatepass")
        if document["v"] != VERSION:
            raise DamagedRunError(f"frame version {document['v']} is unknown; upgrade perf-platform")
        keys = [FrameKey(*key) for key in document["k"]]
        return Frame(
            worker=document["w"],
            seq=document["s"],
            cut_at=document["t"],
            rows=tuple(_unpacked_rows(document["r"], keys)),
            errors=tuple(FrameError(keys[key], text, count) for key, text, count in document["e"]),
            gauges=document["g"],
            rejected=document["x"],
            folded=document["f"],
            notables=tuple(_unpacked_notable(each) for each in document.get("n", ())),
            dropped=document.get("d", 0),
            intended=tuple(_unpacked_rows(document.get("i", []), keys)),
        )
    except (KeyError, IndexError, TypeError, ValueError, msgpack.UnpackException) as cause:
        raise DamagedRunError(
            f"a frame cannot be read ({cause}); the run is damaged, restore it from a copy"
        ) from cause


def _packed_rows(rows: Sequence[FrameRow], keys: dict[FrameKey, int]) -> list[tuple[object, ...]]:
    """Return the rows; the cells of all are packed at once, which takes a fraction of row by row."""
    if not rows:
        return []
    ends = list(itertools.accumulate([len(row.buckets) for row in rows]))
    buckets = np.concatenate([row.buckets for row in rows]).astype("<u2").tobytes()
    counts = _packed_counts(rows)
    packed: list[tuple[object, ...]] = []
    begin, number, key = 0, 0, None
    for row, end, count in zip(rows, ends, counts, strict=True):
        if row.key is not key:
            key, number = row.key, keys.setdefault(row.key, len(keys))
        facts = (number, row.second, row.count, row.total_time, row.minimum, row.maximum, row.bytes)
        packed.append((*facts, buckets[2 * begin : 2 * end], count))
        begin = end
    return packed


def _packed_notable(each: NotableRequest) -> tuple[object, ...]:
    fields = (each.error_class, each.start, each.latency, each.status, each.request_id, each.text)
    return (each.key.method, each.key.name, *fields)


def _unpacked_notable(packed: list[Any]) -> NotableRequest:
    method, name, *fields = packed
    return NotableRequest(EndpointKey(method, name), *fields)


def _packed_counts(rows: Sequence[FrameRow]) -> list[bytes]:
    """Return the counts of each row, in the fewest bytes that hold its largest one."""
    together = np.concatenate([row.counts for row in rows])
    if together.max(initial=0) >= 1 << 8:
        return [_packed_count(row.counts) for row in rows]
    packed = together.astype("u1").tobytes()
    ends = itertools.accumulate([len(row.counts) for row in rows], initial=0)
    return [packed[begin:end] for begin, end in itertools.pairwise(ends)]


def _packed_count(counts: IntArray) -> bytes:
    largest = int(counts.max(initial=0))
    width = next(width for width in _COUNT_TYPES if largest < 1 << (8 * width))
    return counts.astype(_COUNT_TYPES[width]).tobytes()


def _unpacked_rows(packed: list[list[Any]], keys: list[FrameKey]) -> Iterator[FrameRow]:
    """Yield the rows; the cells of all are unpacked at once, which takes half the time of row by row."""
    sizes = [len(row[-2]) // 2 for row in packed]
    ends = list(itertools.accumulate(sizes))
    buckets = np.frombuffer(b"".join([row[-2] for row in packed]), dtype="<u2").astype(np.int64)
    counts = _unpacked_counts([row[-1] for row in packed], sizes)
    for (key, second, count, total_time, minimum, maximum, size, _, _), cells, end in zip(
        packed, sizes, ends, strict=True
    ):
        part = slice(end - cells, end)
        yield FrameRow(keys[key], second, count, total_time, minimum, maximum, size, buckets[part], counts[part])


def _unpacked_counts(packed: list[bytes], sizes: list[int]) -> IntArray:
    together = b"".join(packed)
    if len(together) == sum(sizes):
        return np.frombuffer(together, dtype="u1").astype(np.int64)
    widths = [len(data) // size if size else 1 for data, size in zip(packed, sizes, strict=True)]
    parts = [np.frombuffer(data, dtype=_COUNT_TYPES[width]) for data, width in zip(packed, widths, strict=True)]
    return np.concatenate(parts).astype(np.int64)
