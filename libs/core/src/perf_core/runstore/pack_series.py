"""How a pack writes one series: as recorded, or in windows with coarser histograms."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from perf_core.model.frame import FrameKey, FrameRow
from perf_core.model.histogram import BUCKETS, FloatArray, IntArray
from perf_core.model.series import OutcomeSeries

_COARSE = 5
"""Bits by which a window's buckets are coarser than k = 10."""
_WINDOWS = 128
_ROW_FIELDS = ("seconds", "counts", "sums", "minima", "maxima", "bytes")
_CELL_FIELDS = ("cell_seconds", "cell_buckets", "cell_counts")
_INTS = (np.int8, np.int16, np.int32, np.int64)


def write_series(series: OutcomeSeries) -> dict[str, Any]:
    """Return the series as recorded."""
    return {name: _written(getattr(series, name)) for name in (*_ROW_FIELDS, *_CELL_FIELDS)}


def read_series(packed: Mapping[str, Any]) -> OutcomeSeries:
    """Return the series of `write_series`.

    Raises:
        ValueError: it is damaged.
    """
    series = OutcomeSeries(**{name: _read(packed[name]) for name in (*_ROW_FIELDS, *_CELL_FIELDS)})
    if len({len(getattr(series, name)) for name in _ROW_FIELDS}) != 1:
        raise ValueError("its tables do not fit each other")
    return series


def window_seconds(series: Iterable[OutcomeSeries]) -> int:
    """Return the smallest power of two, in seconds, that cuts the run into at most 128 windows."""
    ends = [(int(each.seconds[0]), int(each.seconds[-1]) + 1) for each in series if len(each.seconds)]
    span = max((end for _, end in ends), default=0) - min((start for start, _ in ends), default=0)
    width = 1
    while span > _WINDOWS * width:
        width *= 2
    return width


def coarsened(series: OutcomeSeries, origin: int, width: int) -> dict[str, Any]:
    """Return the series in windows of `width` seconds that begin at `origin` and multiples from it."""
    times, where = np.unique(_floored(series.seconds, origin, width), return_inverse=True)
    starts = np.searchsorted(where, np.arange(len(times)))
    windows = {
        "seconds": times,
        "counts": np.add.reduceat(series.counts, starts),
        "sums": np.add.reduceat(series.sums, starts),
        "minima": np.fmin.reduceat(series.minima, starts),
        "maxima": np.fmax.reduceat(series.maxima, starts),
        "bytes": np.add.reduceat(series.bytes, starts),
    }
    floored = _floored(series.cell_seconds, origin, width)
    cells = (series.cell_buckets >> _COARSE, floored)
    coarse, cell_times, cell_counts = _summed(*cells, series.cell_counts)
    buckets, _, counts = _summed(series.cell_buckets, np.zeros_like(floored), series.cell_counts)
    return {name: _written(values) for name, values in windows.items()} | {
        "cell_seconds": _written(cell_times),
        "cell_buckets": _written(coarse),
        "cell_counts": _written(cell_counts),
        "whole": [_written(buckets), _written(counts)],
    }


def refined(packed: Mapping[str, Any]) -> OutcomeSeries:
    """Return a series whose sums over buckets and over windows are those of `coarsened`.

    Raises:
        ValueError: it is damaged.
    """
    times, coarse, counts = (_read(packed[name]) for name in _CELL_FIELDS)
    buckets, totals = (_read(part) for part in packed["whole"])
    if counts.sum() != totals.sum():
        raise ValueError("its histograms do not fit each other")
    draw = np.random.default_rng(0)
    fine, windows = [], []
    for bucket in np.unique(coarse).tolist():
        inside, cells = buckets >> _COARSE == bucket, coarse == bucket
        fine.append(draw.permutation(np.repeat(buckets[inside], totals[inside])))
        windows.append(np.repeat(times[cells], counts[cells]))
    together = [np.concatenate([np.zeros(0, np.int64), *parts]) for parts in (windows, fine)]
    seconds, cell_buckets, cell_counts = _summed(together[0], together[1], np.ones(len(together[0]), np.int64))
    rows = {name: packed[name] for name in _ROW_FIELDS}
    cells_read = zip(_CELL_FIELDS, map(_written, (seconds, cell_buckets, cell_counts)), strict=True)
    return read_series(rows | dict(cells_read))


def rows_of_series(key: FrameKey, series: OutcomeSeries) -> list[FrameRow]:
    """Return the series as rows of a frame."""
    edges = np.searchsorted(series.cell_seconds, np.append(series.seconds, np.iinfo(np.int64).max))
    return [
        FrameRow(
            key,
            int(series.seconds[at]),
            int(series.counts[at]),
            float(series.sums[at]),
            float(series.minima[at]),
            float(series.maxima[at]),
            int(series.bytes[at]),
            series.cell_buckets[edges[at] : edges[at + 1]],
            series.cell_counts[edges[at] : edges[at + 1]],
        )
        for at in range(len(series.seconds))
    ]


def _floored(seconds: IntArray, origin: int, width: int) -> IntArray:
    return (seconds - origin) // width * width + origin


def _summed(first: IntArray, second: IntArray, counts: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the distinct pairs in order, with the sum of the counts of each."""
    low = int(second.min()) if len(second) else 0
    span = (int(second.max()) - low if len(second) else 0) + BUCKETS
    codes, where = np.unique(first * span + (second - low), return_inverse=True)
    sums = np.bincount(where, weights=counts, minlength=len(codes)).astype(np.int64)
    return codes // span, codes % span + low, sums


def _written(values: "IntArray | FloatArray") -> list[Any]:
    """Return a table for msgpack: integers as differences of the fewest bytes, byte planes apart: both fold well."""
    if values.dtype == np.float64:
        return ["f8", 0, _planes(values)]
    first = int(values[0]) if len(values) else 0
    steps = np.diff(values, prepend=first)
    kind = next(each for each in _INTS if not len(steps) or abs(steps).max() <= np.iinfo(each).max)
    return [np.dtype(kind).str[1:], first, _planes(steps.astype(kind))]


def _planes(values: "np.ndarray[Any, Any]") -> bytes:
    size = values.dtype.itemsize
    return np.ascontiguousarray(
        values.astype(values.dtype.newbyteorder("<")).view(np.uint8).reshape(-1, size).T
    ).tobytes()


def _read(packed: Any) -> Any:
    kind, first, data = packed
    if kind not in {"f8", "i1", "i2", "i4", "i8"}:
        raise ValueError(f"{kind!r} is no kind of number")
    dtype = np.dtype(f"<{kind}")
    planes = np.frombuffer(data, np.uint8).reshape(dtype.itemsize, -1)
    values = np.ascontiguousarray(planes.T).view(dtype).reshape(-1)
    return values.astype(np.float64) if kind == "f8" else first + np.cumsum(values, dtype=np.int64)
