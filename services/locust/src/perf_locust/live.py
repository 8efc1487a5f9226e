"""What the master knows while runs are on: counters since its start, and the figures of the last seconds."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from perf_core.model.endpoint import EndpointKey
from perf_core.model.frame import Frame
from perf_core.model.histogram import IntArray, lower_edges
from perf_core.model.snapshot import BOUNDS

K = 5
COARSE_BUCKETS = 32 << K
RECENT = 5.0
"""Seconds that "now" means."""
_FIRSTS = np.concatenate([[0], np.searchsorted(lower_edges(np.arange(COARSE_BUCKETS + 1), K), BOUNDS)])
"""First bucket of each class of the classic histogram; the last class has no upper edge."""


@dataclass(slots=True)
class _Counters:
    requests: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    total_time: float = 0.0
    last_at: float = 0.0
    counts: IntArray = field(default_factory=lambda: np.zeros(COARSE_BUCKETS, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class RecentFigures:
    """Figures of the last seconds; latencies in seconds, None without a request."""

    rate: float
    p50: float | None
    p95: float | None


class LiveCounters:
    """Adds frames up, over all runs of this process; nothing is ever taken back."""

    def __init__(self) -> None:
        """Begin at zero."""
        self._endpoints: dict[EndpointKey, _Counters] = {}
        self._recent: deque[tuple[float, int, IntArray]] = deque()
        self.captured = 0
        self.folded = 0
        self.late = self.dropped = 0
        self.gauges: dict[str, dict[str, float]] = {}

    def add(self, frame: Frame) -> None:
        """Add a frame."""
        now = time.time()
        for row in frame.rows:
            key = EndpointKey(row.key.method, row.key.name)
            counters = self._endpoints.get(key) or self._endpoints.setdefault(key, _Counters())
            counters.requests += row.count
            counters.bytes += row.bytes
            counters.total_time += row.total_time
            counters.last_at = now
            if row.key.error_class:
                counters.failures[row.key.error_class] += row.count
            np.add.at(counters.counts, row.buckets >> (10 - K), row.counts)
        self.captured += frame.requests
        self.folded += frame.folded
        before = self.gauges.get(frame.worker, {})
        self.late += grown(before, frame.gauges, "arrivals_late")
        self.dropped += dropped_for_users(before, frame.gauges)
        self.gauges[frame.worker] = frame.gauges
        self._recent.append((frame.cut_at, frame.requests, _together(frame)))
        self._forget(now)

    def recent(self, now: float) -> RecentFigures:
        """Return the figures of the last five seconds before `now` (Unix)."""
        self._forget(now)
        if not self._recent:
            return RecentFigures(0.0, None, None)
        span = min(RECENT, max(now - self._recent[0][0] + 1.0, 1.0))
        counts: IntArray = np.sum([each[2] for each in self._recent], axis=0)
        requests = sum(each[1] for each in self._recent)
        return RecentFigures(requests / span, _quantile(counts, 0.5), _quantile(counts, 0.95))

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - RECENT:
            self._recent.popleft()

    def batches(self, size: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the counters of all endpoints, `size` at once, as a snapshot's JSON has them."""
        rest = iter(list(self._endpoints.items()))
        while batch := list(islice(rest, size)):
            classic = np.add.reduceat(np.stack([each.counts for _, each in batch]), _FIRSTS, axis=1).tolist()
            yield [
                {
                    "method": key.method,
                    "name": key.name,
                    "requests": each.requests,
                    "failures": dict(each.failures),
                    "bytes": each.bytes,
                    "total_time": each.total_time,
                    "counts": counts,
                    "last_at": each.last_at,
                }
                for (key, each), counts in zip(batch, classic, strict=True)
            ]


def grown(before: dict[str, float], after: dict[str, float], name: str) -> int:
    """Return by how much a counter of one worker has grown; with every run it begins at zero."""
    by = after.get(name, 0.0) - before.get(name, 0.0)
    return int(by if by >= 0 else after.get(name, 0.0))


def dropped_for_users(before: dict[str, float], after: dict[str, float]) -> int:
    """Return the starts that were dropped for want of a free user, and not because the users were stopped."""
    return grown(before, after, "arrivals_dropped") - grown(before, after, "arrivals_cut_off")


def _together(frame: Frame) -> IntArray:
    counts = np.zeros(COARSE_BUCKETS, dtype=np.int64)
    if frame.rows:
        buckets = np.concatenate([row.buckets for row in frame.rows])
        np.add.at(counts, buckets >> (10 - K), np.concatenate([row.counts for row in frame.rows]))
    return counts


def _quantile(counts: IntArray, q: float) -> float | None:
    total = int(counts.sum())
    if not total:
        return None
    bucket = int(np.searchsorted(np.cumsum(counts), q * total))
    low, high = lower_edges(np.array([bucket, bucket + 1]), K)
    return float((low + high) / 2)
