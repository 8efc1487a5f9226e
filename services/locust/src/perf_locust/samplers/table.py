"""Rows by number: held in memory while they are few, else read from the file through a bounded index and cache."""

import os
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Protocol

import numpy as np

from perf_core.model.histogram import FloatArray
from perf_locust.samplers.columns import RowType
from perf_locust.samplers.errors import DataError
from perf_locust.samplers.records import Format, Span

MOST_BLOCKS = 2**20
"""Entries of an index; of more rows, several share one."""
OBJECTS_PER_BYTE = 8
"""Memory that rows take as Python objects, for each byte of their file: measured on rows of short values."""


class Table(Protocol):
    """Rows by number; `in_memory` tells whether all of them were read, and found right, already."""

    in_memory: bool

    def __len__(self) -> int:
        """Return the number of rows."""

    def row(self, number: int, /) -> Any:
        """Return a row; the caller must not change it."""

    def weights(self, column: str) -> "Weights":
        """Return the weights that a column gives the rows."""


class Weights:
    """Rows by weight: a sum for each block of rows, so that they need little memory, however many rows there are."""

    def __init__(self, sums: FloatArray, pick: Callable[[int, float], int] | None = None) -> None:
        """Take cumulated sums of blocks, and what picks a row inside one; without, a block is a row."""
        self._sums, self._pick = sums, pick

    def rows_at(self, shares: FloatArray) -> list[int]:
        """Return the numbers of the rows that stand at these shares of the sum of all weights, in [0, 1)."""
        at = shares * self._sums[-1]
        blocks = np.minimum(np.searchsorted(self._sums, at, side="right"), len(self._sums) - 1)
        if self._pick is None:
            return list(blocks.tolist())
        before = np.concatenate([[0.0], self._sums])[blocks]
        return [self._pick(block, rest) for block, rest in zip(blocks.tolist(), (at - before).tolist(), strict=True)]


class MemoryTable:
    """Rows as Python objects."""

    in_memory = True

    def __init__(self, rows: list[Any], name: str) -> None:
        """Hold the rows."""
        self._rows, self._name = rows, name
        self.row = rows.__getitem__

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def weights(self, column: str) -> Weights:
        """Return the weights that a column gives the rows.

        Raises:
            DataError: a weight is no number of at least zero, or all are zero.
        """
        weights = [weight_of(row, column, f"{self._name} row {number}") for number, row in enumerate(self._rows, 1)]
        return Weights(_sums(weights, self._name, column))


class FileTable:
    """Rows of a file that is larger than the memory they may take; needs about 16 MB besides its cache."""

    in_memory = False

    def __init__(self, file: BinaryIO, form: Format, make: RowType, name: str, cache_bytes: int) -> None:
        """Index the file: read it once from its first to its last record.

        Raises:
            DataError: a record cannot be read.
        """
        self._file, self._form, self._make, self._name = file, form, make, name
        self._most_cached = cache_bytes
        self._cache: OrderedDict[int, tuple[int, list[Any]]] = OrderedDict()
        self._cached = 0
        self._offsets, self._lines = array("Q"), array("Q")
        self._per_block, self._count = 1, 0
        for span in form.spans(file):
            if self._count % self._per_block == 0:
                self._begin_block(span)
            self._count += 1
        self._offsets.append(os.fstat(file.fileno()).st_size)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._count

    def row(self, number: int, /) -> Any:
        """Return a row."""
        block, at = divmod(number, self._per_block)
        known = self._cache.get(block)
        if known is None:
            return self._read(block)[at]
        self._cache.move_to_end(block)
        return known[1][at]

    def weights(self, column: str) -> Weights:
        """Return the weights that a column gives the rows; reads the whole file once.

        Raises:
            DataError: a weight is no number of at least zero, or all are zero.
        """
        blocks = (self._rows(block)[1] for block in range(len(self._lines)))
        weights = array("d", (sum(weight_of(row, column, self._name) for row in rows) for rows in blocks))

        def pick(block: int, rest: float) -> int:
            first = block * self._per_block
            last = min(first + self._per_block, self._count) - 1
            for number in range(first, last):
                rest -= weight_of(self.row(number), column, self._name)
                if rest < 0:
                    return number
            return last

        return Weights(_sums(weights, self._name, column), pick)

    def _begin_block(self, span: Span) -> None:
        if len(self._offsets) == MOST_BLOCKS:
            self._offsets, self._lines = self._offsets[::2], self._lines[::2]
            self._per_block *= 2
            if self._count % self._per_block:
                return
        self._offsets.append(span.offset)
        self._lines.append(span.line)

    def _read(self, block: int) -> list[Any]:
        size, rows = self._rows(block)
        self._cache[block] = (size, rows)
        self._cached += size
        while self._cached > self._most_cached and len(self._cache) > 1:
            _, (gone, _) = self._cache.popitem(last=False)
            self._cached -= gone
        return rows

    def _rows(self, block: int) -> tuple[int, list[Any]]:
        begin, end = self._offsets[block], self._offsets[block + 1]
        text = os.pread(self._file.fileno(), end - begin, begin)
        return len(text) * OBJECTS_PER_BYTE, list(self._parsed(text, self._lines[block]))

    def _parsed(self, text: bytes, line: int) -> Iterator[Any]:
        for span in self._form.spans_of(text, line):
            yield self._make.row(self._form.values(span), self._name, span.line)


def weight_of(row: Any, column: str, where: str) -> float:
    """Return the weight of a row.

    Raises:
        DataError: it is no number of at least zero.
    """
    known = row if isinstance(row, dict) else {name: getattr(row, name) for name in row.__dataclass_fields__}
    if column not in known:
        raise DataError(f"{where} has no column {column!r} for its weight; it has {', '.join(map(repr, known))}")
    raw = known[column]
    try:
        weight = float(raw)
    except (TypeError, ValueError):
        weight = -1.0
    if not 0 <= weight < float("inf"):
        raise DataError(f"{where}: the weight {column!r} is {raw!r}; give a number of at least 0")
    return weight


def _sums(weights: Sequence[float], name: str, column: str) -> FloatArray:
    sums: FloatArray = np.cumsum(np.asarray(weights, dtype=np.float64))
    if sums[-1] <= 0:
        raise DataError(f"{name}: no row has a weight above 0 in column {column!r}; correct the weights")
    return sums
