"""Requests added up into frames, in bounded memory: per second and endpoint, whatever order the rows come in."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from perf_core.adapters.result_format import Requests
from perf_core.model.frame import Frame, FrameError, FrameKey, FrameRow
from perf_core.model.histogram import BUCKETS, FloatArray, IntArray, bucket_indexes

WORKER = "import"
_SECONDS = 1 << 32
_PENDING = 1 << 16
"""Cells gathered before they are added up."""
_MOST_CELLS = 3 << 17
"""Cells kept before they are written out; a run may hold any number of them."""
_ROWS_PER_FRAME = 4096
_MAX_TEXTS = 500
_TEXT_LENGTH = 300


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Sums by code: `rows` = key and second, `cells` = row and bucket; both rise strictly."""

    rows: IntArray
    counts: IntArray
    sums: FloatArray
    minima: FloatArray
    maxima: FloatArray
    bytes: IntArray
    cells: IntArray
    cell_counts: IntArray


class FrameTable:
    """Gathers requests; `drain` and `finish` turn them into frames."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tables: list[_Table] = []
        self._pending = 0
        self._texts: Counter[tuple[int, str]] = Counter()
        self._seq = 0

    def add(self, requests: Requests) -> None:
        """Add the requests of a chunk that are used."""
        used = requests.used
        keys = requests.keys[used]
        table = _tabled(keys, requests.starts[used], requests.durations[used], requests.bytes[used])
        self._tables.append(table)
        self._pending += len(table.cells)

    def note_errors(self, keys: IntArray, texts: Sequence[str]) -> None:
        """Count error texts; further ones than 500 are counted without their text."""
        for key, text in zip(keys.tolist(), texts, strict=True):
            entry = (key, text[:_TEXT_LENGTH])
            self._texts[entry if entry in self._texts or len(self._texts) < _MAX_TEXTS else (key, "")] += 1

    def drain(self, keys: Sequence[FrameKey]) -> Iterator[Frame]:
        """Yield frames when there is more than memory is meant for; else nothing."""
        if self._pending < _PENDING:
            return
        self._tables, self._pending = [_merged(self._tables)], 0
        if len(self._tables[0].cells) >= _MOST_CELLS:
            yield from self._frames(keys)

    def finish(self, keys: Sequence[FrameKey]) -> Iterator[Frame]:
        """Yield what is left."""
        yield from self._frames(keys)
        errors = tuple(FrameError(keys[key], text, count) for (key, text), count in self._texts.items())
        if errors:
            yield self._frame((), errors)

    def _frames(self, keys: Sequence[FrameKey]) -> Iterator[Frame]:
        if not self._tables:
            return
        table = _merged(self._tables)
        self._tables, self._pending = [], 0
        for first in range(0, len(table.rows), _ROWS_PER_FRAME):
            yield self._frame(tuple(_rows_of(table, first, first + _ROWS_PER_FRAME, keys)), ())

    def _frame(self, rows: tuple[FrameRow, ...], errors: tuple[FrameError, ...]) -> Frame:
        self._seq += 1
        return Frame(WORKER, self._seq, float(max((row.second for row in rows), default=0)), rows, errors)


def _tabled(keys: IntArray, starts: FloatArray, durations: FloatArray, sizes: IntArray) -> _Table:
    codes = keys * _SECONDS + np.floor(starts).astype(np.int64)
    rows, where = np.unique(codes, return_inverse=True)
    timed = ~np.isnan(durations)
    latencies = durations[timed]
    cells, cell_counts = np.unique(codes[timed] * BUCKETS + bucket_indexes(latencies), return_counts=True)
    minima, maxima = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    np.fmin.at(minima, where[timed], latencies)
    np.fmax.at(maxima, where[timed], latencies)
    return _Table(
        rows,
        np.bincount(where, minlength=len(rows)),
        np.bincount(where[timed], weights=latencies, minlength=len(rows)).astype(np.float64),
        minima,
        maxima,
        _added(where, sizes, len(rows)),
        cells,
        cell_counts.astype(np.int64),
    )


def _merged(tables: Sequence[_Table]) -> _Table:
    if len(tables) == 1:
        return tables[0]
    rows, where = np.unique(np.concatenate([each.rows for each in tables]), return_inverse=True)
    cells, cell_where = np.unique(np.concatenate([each.cells for each in tables]), return_inverse=True)
    sums, minima, maxima = np.zeros(len(rows)), np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    np.add.at(sums, where, np.concatenate([each.sums for each in tables]))
    np.fmin.at(minima, where, np.concatenate([each.minima for each in tables]))
    np.fmax.at(maxima, where, np.concatenate([each.maxima for each in tables]))
    return _Table(
        rows,
        _added(where, np.concatenate([each.counts for each in tables]), len(rows)),
        sums,
        minima,
        maxima,
        _added(where, np.concatenate([each.bytes for each in tables]), len(rows)),
        cells,
        _added(cell_where, np.concatenate([each.cell_counts for each in tables]), len(cells)),
    )


def _added(where: IntArray, values: IntArray, size: int) -> IntArray:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, where, values)
    return total


def _rows_of(table: _Table, first: int, last: int, keys: Sequence[FrameKey]) -> Iterator[FrameRow]:
    codes = table.rows[first:last]
    low_end, high_end = np.searchsorted(table.cells, [codes[0] * BUCKETS, (codes[-1] + 1) * BUCKETS])
    cells, cell_counts = table.cells[low_end:high_end], table.cell_counts[low_end:high_end]
    buckets = cells & (BUCKETS - 1)
    begins = np.searchsorted(cells, codes * BUCKETS).tolist()
    ends = np.searchsorted(cells, (codes + 1) * BUCKETS).tolist()
    facts = zip(
        codes.tolist(),
        table.counts[first:last].tolist(),
        table.sums[first:last].tolist(),
        table.minima[first:last].tolist(),
        table.maxima[first:last].tolist(),
        table.bytes[first:last].tolist(),
        begins,
        ends,
        strict=True,
    )
    for code, count, total, low, high, size, begin, end in facts:
        key, second = keys[code >> 32], code & (_SECONDS - 1)
        yield FrameRow(key, second, count, total, low, high, size, buckets[begin:end], cell_counts[begin:end])
