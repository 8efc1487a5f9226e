"""Frames as bytes: msgpack with packed arrays, the same bytes on the wire and in the log."""

from typing import Any

import msgpack
import numpy as np

from perf_core.errors import DamagedRunError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.frame import Frame, FrameError, FrameKey, FrameRow
from perf_core.model.histogram import IntArray
from perf_core.model.notable import NotableRequest

VERSION = 1
_FEW = 64
_COUNT_TYPES = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}


def encode_frame(frame: Frame) -> bytes:
    """Return the frame as bytes; names are written once, buckets take 2 bytes, counts the fewest that hold them."""
    keys: dict[FrameKey, int] = {}
    rows = [_packed_row(row, keys.setdefault(row.key, len(keys))) for row in frame.rows]
    intended = [_packed_row(row, keys.setdefault(row.key, len(keys))) for row in frame.intended]
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
            rows=tuple(_unpacked_row(row, keys) for row in document["r"]),
            errors=tuple(FrameError(keys[key], text, count) for key, text, count in document["e"]),
            gauges=document["g"],
            rejected=document["x"],
            folded=document["f"],
            notables=tuple(_unpacked_notable(each) for each in document.get("n", ())),
            dropped=document.get("d", 0),
            intended=tuple(_unpacked_row(row, keys) for row in document.get("i", ())),
        )
    except (KeyError, IndexError, TypeError, ValueError, msgpack.UnpackException) as cause:
        raise DamagedRunError(
            f"a frame cannot be read ({cause}); the run is damaged, restore it from a copy"
        ) from cause


def _packed_row(row: FrameRow, key: int) -> tuple[object, ...]:
    return (
        key,
        row.second,
        row.count,
        row.total_time,
        row.minimum,
        row.maximum,
        row.bytes,
        row.buckets.astype("<u2").tobytes(),
        _packed_counts(row.counts),
    )


def _packed_notable(each: NotableRequest) -> tuple[object, ...]:
    fields = (each.error_class, each.start, each.latency, each.status, each.request_id, each.text)
    return (each.key.method, each.key.name, *fields)


def _unpacked_notable(packed: list[Any]) -> NotableRequest:
    method, name, *fields = packed
    return NotableRequest(EndpointKey(method, name), *fields)


def _packed_counts(counts: IntArray) -> bytes:
    if counts.size < _FEW and max(counts.tolist(), default=0) < 1 << 8:  # numpy would take longer
        return counts.astype("u1").tobytes()
    largest = int(counts.max())
    width = next(width for width in _COUNT_TYPES if largest < 1 << (8 * width))
    return counts.astype(_COUNT_TYPES[width]).tobytes()


def _unpacked_row(row: list[Any], keys: list[FrameKey]) -> FrameRow:
    key, second, count, total_time, minimum, maximum, size, buckets, counts = row
    indexes = np.frombuffer(buckets, dtype="<u2")
    width = len(counts) // len(indexes) if len(indexes) else 1
    return FrameRow(
        keys[key],
        second,
        count,
        total_time,
        minimum,
        maximum,
        size,
        indexes.astype(np.int64),
        np.frombuffer(counts, dtype=_COUNT_TYPES[width]).astype(np.int64),
    )
