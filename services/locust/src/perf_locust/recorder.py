"""The recorder: every request becomes 24 bytes in a memory map, and once a second the map becomes a frame.

Locust speaks milliseconds; they become seconds here and nowhere else. Nothing on the request path allocates, sorts
or touches a file: one dictionary lookup, one `pack_into`. The map is bounded, and cut early when it is full, so
that nothing is dropped. With a spool file behind it, it survives SIGKILL of its process.
"""

import mmap
import struct
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perf_core.model.frame import FrameError, FrameKey, FrameRow
from perf_core.model.histogram import BUCKETS, FloatArray, IntArray, bucket_indexes
from perf_core.units import seconds_from_ms
from perf_locust.error_class import MAX_CLASSES, error_class
from perf_locust.notables import Notables

RECORD = np.dtype([("start", "<f8"), ("ms", "<f8"), ("bytes", "<u4"), ("key", "<u2"), ("generation", "<u2")])
_PACK = struct.Struct("<ddIHH")
CAPACITY = 1 << 18
"""Requests that fit the map: 6 MiB, cut once a second or when full."""
MAX_KEYS = 4000
"""Distinct (method, name, error class); more are counted under the name "other"."""
MAX_TEXTS = 500
"""Distinct error texts kept per frame; further ones are counted without their text."""
TEXT_LENGTH = 300


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """What was recorded since the last cut."""

    rows: tuple[FrameRow, ...]
    errors: tuple[FrameError, ...]
    rejected: int
    folded: int


class Recorder:
    """Records requests of one process; `record` is the listener of Locust's `request` event."""

    __slots__ = (
        "_at",
        "_buffer",
        "_end",
        "_floors",
        "_folded",
        "_full",
        "_generation",
        "_ids",
        "_keys",
        "_pack",
        "_texts",
        "notables",
    )

    def __init__(self, when_full: Callable[[], object], buffer: mmap.mmap | None = None) -> None:
        """Record into `buffer`, by default memory of this process; `when_full` must cut."""
        self._buffer = mmap.mmap(-1, CAPACITY * _PACK.size) if buffer is None else buffer
        self._pack = _PACK.pack_into
        self._end = len(self._buffer) // _PACK.size * _PACK.size
        self._full = when_full
        self._at = 0
        self._generation = 1
        self._ids: dict[tuple[str, str, str], int] = {}
        self._keys: list[FrameKey] = []
        self._floors: list[float] = []
        self.notables = Notables()
        self._texts: Counter[tuple[int, str]] = Counter()
        self._folded = 0

    def record(  # noqa: PLR0917  Locust's signature
        self,
        request_type: str,
        name: str,
        response_time: float | None = None,
        response_length: int = 0,
        response: object = None,
        context: object = None,  # noqa: ARG002  named so that no dictionary is made for the rest
        exception: object = None,
        start_time: float | None = None,
        url: object = None,  # noqa: ARG002
        **_: object,
    ) -> None:
        """Record one request."""
        try:
            if exception is not None:
                raise LookupError  # noqa: TRY301  the one path that may take its time
            key = self._ids[request_type, name, ""]
            self._pack(self._buffer, self._at, start_time, response_time, response_length, key, self._generation)
        except (LookupError, struct.error, TypeError):
            self._record_slowly(request_type, name, response_time, response_length, response, exception, start_time)
        else:
            if response_time > self._floors[key]:  # type: ignore[operator]  # it was packed: a number
                self._floors[key] = self.notables.look(request_type, name, response_time, response, None, start_time)
        self._at += 24
        if self._at == self._end:
            self._full()

    def cut(self) -> Cut:
        """Return what was recorded since the last cut and begin anew."""
        records = np.frombuffer(self._buffer, dtype=RECORD, count=self._at // _PACK.size).copy()
        texts, folded = self._texts, self._folded
        self._at, self._texts, self._folded = 0, Counter(), 0
        self._generation = self._generation % 0xFFFF + 1
        errors = tuple(FrameError(self._keys[key], text, count) for (key, text), count in texts.items())
        rows, rejected = rows_of(records, self._keys)
        return Cut(rows, errors, rejected, folded)

    def _record_slowly(  # noqa: PLR0917  called from one place
        self,
        request_type: str,
        name: str,
        response_time: float | None,
        response_length: int | None,
        response: object,
        exception: object,
        start_time: float | None,
    ) -> None:
        kind = "" if exception is None else error_class(exception, response)
        key = self._key(str(request_type or ""), str(name), kind)
        milliseconds = response_time if isinstance(response_time, int | float) else float("nan")
        begun = start_time
        if not isinstance(begun, int | float) or not np.isfinite(begun):
            begun = time.time() - (seconds_from_ms(milliseconds) if np.isfinite(milliseconds) else 0.0)
        size = min(max(int(response_length or 0), 0), 0xFFFFFFFF)
        self._pack(self._buffer, self._at, begun, milliseconds, size, key, self._generation)
        if kind:
            text = str(exception)[:TEXT_LENGTH]
            self._texts[key, text if len(self._texts) < MAX_TEXTS or (key, text) in self._texts else ""] += 1
        known = self._keys[key]
        floor = self.notables.look(known.method, known.name, response_time, response, exception, start_time)
        if not kind:
            self._floors[key] = floor

    def _key(self, method: str, name: str, kind: str) -> int:
        known = self._ids.get((method, name, kind))
        if known is not None:
            return known
        if kind and sum(key[:2] == (method, name) for key in self._ids) >= MAX_CLASSES and kind != "other":
            return self._key(method, name, "other")
        if len(self._keys) >= MAX_KEYS and name != "other":
            self._folded += 1
            return self._key("", "other", "other" if kind else "")
        self._keys.append(FrameKey(method, name, kind))
        self._floors.append(-1.0)
        self._ids[method, name, kind] = len(self._keys) - 1
        return len(self._keys) - 1


def rows_of(
    records: np.ndarray[tuple[int], np.dtype[np.void]], keys: list[FrameKey]
) -> tuple[tuple[FrameRow, ...], int]:
    """Return the rows of a frame, and how many latencies were none, negative or not finite."""
    if not len(records):
        return (), 0
    seconds = np.floor(records["start"]).astype(np.int64)
    latencies = seconds_from_ms(1.0) * records["ms"]
    good = np.isfinite(latencies) & (latencies >= 0)
    groups, where = np.unique((records["key"].astype(np.int64) << 40) + seconds, return_inverse=True)
    counts = np.bincount(where, minlength=len(groups))
    sizes = np.bincount(where, weights=records["bytes"], minlength=len(groups))
    totals = np.bincount(where[good], weights=latencies[good], minlength=len(groups))
    minima, maxima = _extremes(where[good], latencies[good], len(groups))
    cells, cell_counts = np.unique(where[good] * BUCKETS + bucket_indexes(latencies[good]), return_counts=True)
    starts = np.searchsorted(cells, np.arange(len(groups) + 1) * BUCKETS)
    rows = tuple(
        FrameRow(
            keys[int(group >> 40)],
            int(group & ((1 << 40) - 1)),
            int(counts[index]),
            float(totals[index]),
            float(minima[index]),
            float(maxima[index]),
            int(sizes[index]),
            cells[starts[index] : starts[index + 1]] % BUCKETS,
            cell_counts[starts[index] : starts[index + 1]],
        )
        for index, group in enumerate(groups)
    )
    return rows, int(len(records) - good.sum())


def _extremes(where: IntArray, latencies: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    minima, maxima = np.full(size, np.nan), np.full(size, np.nan)
    np.fmin.at(minima, where, latencies)
    np.fmax.at(maxima, where, latencies)
    return minima, maxima
