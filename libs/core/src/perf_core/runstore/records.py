"""A request as a recorder keeps it, 24 bytes, and how many of them become the rows of a frame."""

import itertools
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from perf_core.model.frame import FrameKey, FrameRow
from perf_core.model.histogram import BUCKETS, FloatArray, IntArray, bucket_indexes
from perf_core.units import seconds_from_ms

RECORD = np.dtype([("start", "<f8"), ("ms", "<f8"), ("bytes", "<u4"), ("key", "<u2"), ("generation", "<u2")])
"""Start in Unix seconds, latency in milliseconds; the generation is written last: it makes a record count."""
PACK = struct.Struct("<ddIHH")
Records = NDArray[np.void]


def rows_of(records: Records, keys: Sequence[FrameKey]) -> tuple[tuple[FrameRow, ...], int]:
    """Return the rows of a frame, and how many latencies were none, negative or not finite."""
    if not len(records):
        return (), 0
    starts = np.nan_to_num(records["start"], nan=0.0, posinf=0.0, neginf=0.0)
    seconds = np.floor(np.clip(starts, 0, 2**39)).astype(np.int64)
    latencies = seconds_from_ms(1.0) * records["ms"]
    good = np.isfinite(latencies) & (latencies >= 0)
    groups, where = np.unique((records["key"].astype(np.int64) << 40) + seconds, return_inverse=True)
    counts = np.bincount(where, minlength=len(groups))
    sizes = np.bincount(where, weights=records["bytes"], minlength=len(groups))
    totals = np.bincount(where[good], weights=latencies[good], minlength=len(groups))
    minima, maxima = _extremes(where[good], latencies[good], len(groups))
    cells, cell_counts = np.unique(where[good] * BUCKETS + bucket_indexes(latencies[good]), return_counts=True)
    edges = np.searchsorted(cells, np.arange(len(groups) + 1) * BUCKETS)
    buckets = cells % BUCKETS
    parts = (slice(first, last) for first, last in itertools.pairwise(edges.tolist()))
    columns = (groups, counts, totals, minima, maxima, sizes.astype(np.int64))
    rows = tuple(
        FrameRow(
            keys[group >> 40],
            group & ((1 << 40) - 1),
            count,
            total,
            minimum,
            maximum,
            size,
            buckets[part],
            cell_counts[part],
        )
        for part, group, count, total, minimum, maximum, size in zip(
            parts, *(column.tolist() for column in columns), strict=True
        )
    )
    return rows, int(len(records) - good.sum())


def _extremes(where: IntArray, latencies: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    minima, maxima = np.full(size, np.nan), np.full(size, np.nan)
    np.fmin.at(minima, where, latencies)
    np.fmax.at(maxima, where, latencies)
    return minima, maxima
