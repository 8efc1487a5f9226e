"""Windows of time: the unit of information of every test here, because requests near each other are alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import BUCKETS, FloatArray, Histogram, IntArray
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording

MOST_WINDOWS = 128


@dataclass(frozen=True, slots=True)
class Grid:
    """`count` windows of `width` seconds each, beginning at the Unix second `first`."""

    first: int
    width: int
    count: int

    @property
    def end(self) -> int:
        """The first Unix second after the last window."""
        return self.first + self.width * self.count


@dataclass(frozen=True, slots=True, eq=False)
class EndpointWindows:
    """The answered requests of one endpoint as (window, bucket, count) cells, and what all windows hold together.

    `answered` counts requests with a latency per window; `requests` and `failures` count everything.
    """

    cell_windows: IntArray
    cell_buckets: IntArray
    cell_counts: IntArray
    answered: FloatArray
    requests: FloatArray
    failures: FloatArray
    histogram: Histogram

    @property
    def count(self) -> int:
        """The number of windows, empty ones included."""
        return len(self.answered)

    def done_within(self, buckets: IntArray) -> FloatArray:
        """Return requests per window (rows) in or below each bucket (columns, rising)."""
        columns = len(buckets) + 1
        table = np.searchsorted(buckets, np.arange(BUCKETS), side="left")
        places = self.cell_windows * columns + table[self.cell_buckets]
        counts = np.bincount(places, weights=self.cell_counts, minlength=self.count * columns)
        return np.cumsum(counts.reshape(self.count, columns)[:, :-1], axis=1)


def window_width(seconds: int) -> int:
    """Return the smallest power of two, in seconds, that cuts a run into at most 128 windows."""
    width = 1
    while seconds / width > MOST_WINDOWS:
        width *= 2
    return width


def endpoint_windows(series: Sequence[EndpointSeries | None], grids: Sequence[Grid]) -> EndpointWindows:
    """Return the windows of one endpoint over one or more stretches of time, one after the other."""
    empty = OutcomeSeries.empty()
    pairs = [(each.ok if each else empty, each.failed if each else empty) for each in series]
    offsets = np.cumsum([0, *(grid.count for grid in grids)])
    windows, buckets, counts = [], [], []
    requests, failures = [], []
    for (ok, failed), grid, offset in zip(pairs, grids, offsets, strict=False):
        cells = _inside(ok.cell_seconds, grid)
        windows.append((ok.cell_seconds[cells] - grid.first) // grid.width + offset)
        buckets.append(ok.cell_buckets[cells])
        counts.append(ok.cell_counts[cells])
        failures.append(_per_window(failed, grid))
        requests.append(_per_window(ok, grid) + failures[-1])
    cell_windows, cell_buckets, cell_counts = (np.concatenate(parts) for parts in (windows, buckets, counts))
    return EndpointWindows(
        cell_windows,
        cell_buckets,
        cell_counts,
        np.bincount(cell_windows, weights=cell_counts, minlength=int(offsets[-1])).astype(np.float64),
        np.concatenate(requests),
        np.concatenate(failures),
        _histogram([ok for ok, _ in pairs], grids, cell_buckets, cell_counts),
    )


def second_range(recording: Recording) -> tuple[int, int]:
    """Return the first whole Unix second of the load and the first one that is not whole any more."""
    rows = [
        side.seconds for each in recording.endpoints.values() for side in (each.ok, each.failed) if len(side.seconds)
    ]
    info = recording.info
    first = min((int(row[0]) for row in rows), default=0)
    last = max((int(row[-1]) for row in rows), default=0)
    start = first if info.started is None else int(np.ceil(info.started))
    end = last if info.ended is None else min(int(np.floor(info.ended)), last + 1)
    return start, max(start, end)


def _inside(seconds: IntArray, grid: Grid) -> slice:
    low, high = np.searchsorted(seconds, [grid.first, grid.end], side="left")
    return slice(int(low), int(high))


def _per_window(series: OutcomeSeries, grid: Grid) -> FloatArray:
    rows = _inside(series.seconds, grid)
    places = (series.seconds[rows] - grid.first) // grid.width
    counts = np.bincount(places, weights=series.counts[rows], minlength=grid.count)
    return counts.astype(np.float64)


def _histogram(
    series: Sequence[OutcomeSeries], grids: Sequence[Grid], buckets: IntArray, counts: IntArray
) -> Histogram:
    if not len(buckets):
        return Histogram.empty()
    dense = np.bincount(buckets, weights=counts)
    used = np.flatnonzero(dense)
    rows = [(side, _inside(side.seconds, grid)) for side, grid in zip(series, grids, strict=True)]
    return Histogram(
        used,
        dense[used].astype(np.int64),
        float(np.nanmin(np.concatenate([side.minima[row] for side, row in rows]))),
        float(np.nanmax(np.concatenate([side.maxima[row] for side, row in rows]))),
        float(sum(side.sums[row].sum() for side, row in rows)),
    )
