"""The latency histogram: fixed log-linear buckets, cut from the bits of the float itself.

The bucket of a latency is the top bits of its float64: exact, monotone and the same on every machine, without a
logarithm. With k = 10 mantissa bits a bucket is at most 2**-10 (0.1 %) wide; a coarser layout of k' bits is the same
index shifted right by ``10 - k'``. The range is [2**-20 s, 2**12 s), about 1 us to 68 min; what lies outside is
counted in the first or the last bucket, and exact minimum and maximum are kept beside the counts.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from perf_core.errors import EmptyHistogramError

K = 10
"""Mantissa bits of the layout that is stored."""
BUCKETS = 32 << K
_SHIFT = 52 - K
_OFFSET = (1023 - 20) << K

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def bucket_indexes(latencies: FloatArray) -> IntArray:
    """Return the bucket (0..BUCKETS-1) of each latency in seconds; all must be finite and not negative."""
    bits = np.ascontiguousarray(latencies, dtype=np.float64).view(np.int64)
    indexes: IntArray = np.clip((bits >> _SHIFT) - _OFFSET, 0, BUCKETS - 1)
    return indexes


def lower_edges(buckets: IntArray, k: int = K) -> FloatArray:
    """Return the lower edges in seconds of buckets of a layout with k bits; ``buckets + 1`` gives upper edges.

    The first bucket of the layout begins at zero, because everything below the range is counted in it.
    """
    indexes = np.asarray(buckets, dtype=np.int64)
    edges: FloatArray = ((indexes + ((1023 - 20) << k)) << (52 - k)).view(np.float64)
    return np.where(indexes <= 0, 0.0, edges)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts per bucket, sparse: `buckets` rise strictly, `counts` are positive and as many.

    Attributes:
        buckets: indexes in the layout of k = 10.
        counts: requests in each.
        minimum: smallest latency in seconds, exact; NaN when empty.
        maximum: largest latency in seconds, exact; NaN when empty.
        total_time: sum of all latencies in seconds, exact.
    """

    buckets: IntArray
    counts: IntArray
    minimum: float
    maximum: float
    total_time: float

    @classmethod
    def empty(cls) -> Self:
        """Return a histogram of no requests."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, float("nan"), float("nan"), 0.0)

    @classmethod
    def from_latencies(cls, latencies: FloatArray) -> Self:
        """Return the histogram of latencies in seconds; all must be finite and not negative."""
        values = np.asarray(latencies, dtype=np.float64)
        if not values.size:
            return cls.empty()
        buckets, counts = np.unique(bucket_indexes(values), return_counts=True)
        return cls(buckets, counts.astype(np.int64), float(values.min()), float(values.max()), float(values.sum()))

    @property
    def total(self) -> int:
        """The number of requests."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """The exact mean in seconds; NaN when empty."""
        return self.total_time / self.total if self.total else float("nan")

    def merged(self, other: "Histogram") -> "Histogram":
        """Return the sum of both; the order of merging never changes the result's counts."""
        if not self.total or not other.total:
            return other if not self.total else self
        buckets, where = np.unique(np.concatenate([self.buckets, other.buckets]), return_inverse=True)
        counts = np.zeros(len(buckets), dtype=np.int64)
        np.add.at(counts, where, np.concatenate([self.counts, other.counts]))
        return Histogram(
            buckets,
            counts,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            self.total_time + other.total_time,
        )

    def quantile(self, q: float) -> float:
        """Return the quantile q in [0, 1] in seconds, interpolated inside its bucket (error <= 0.1 %).

        Raises:
            EmptyHistogramError: there is no request.
        """
        if not self.total:
            raise EmptyHistogramError("a quantile of no requests was asked for; check that the endpoint was called")
        cumulative = np.cumsum(self.counts)
        rank = q * self.total
        at = min(int(np.searchsorted(cumulative, rank, side="left")), len(self.counts) - 1)
        before = float(cumulative[at] - self.counts[at])
        low, high = lower_edges(self.buckets[at : at + 1])[0], lower_edges(self.buckets[at : at + 1] + 1)[0]
        inside = (rank - before) / float(self.counts[at])
        return float(min(max(low + (high - low) * inside, self.minimum), self.maximum))
