"""What was recorded of a run, second by second: the input of every comparison, report and export."""

from dataclasses import dataclass, field

import numpy as np

from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import FloatArray, Histogram, IntArray
from perf_core.model.notable import NotableRequest
from perf_core.model.run import RunInfo


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeSeries:
    """Requests of one outcome (answered or failed) of one endpoint, by the second in which they started.

    Two tables. The first has one row per second with at least one request: `seconds` (Unix, strictly rising),
    `counts`, `sums`, `minima`, `maxima` (seconds of latency) and `bytes`. The second holds the histograms as
    triples (`cell_seconds`, `cell_buckets`, `cell_counts`), ordered by second, then bucket, buckets of k = 10.
    A count may exceed the sum of its cells: a request without a latency is counted but has no cell.
    """

    seconds: IntArray
    counts: IntArray
    sums: FloatArray
    minima: FloatArray
    maxima: FloatArray
    bytes: IntArray
    cell_seconds: IntArray
    cell_buckets: IntArray
    cell_counts: IntArray

    @classmethod
    def empty(cls) -> "OutcomeSeries":
        """Return the series of no requests."""
        ints, floats = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64)
        return cls(ints, ints, floats, floats, floats, ints, ints, ints, ints)

    @property
    def total(self) -> int:
        """The number of requests."""
        return int(self.counts.sum())

    def histogram(self, first: int | None = None, last: int | None = None) -> Histogram:
        """Return the histogram of the requests that started in [first, last] (Unix seconds, None = no limit)."""
        low = -np.inf if first is None else first
        high = np.inf if last is None else last
        cells = (self.cell_seconds >= low) & (self.cell_seconds <= high)
        rows = (self.seconds >= low) & (self.seconds <= high)
        if not cells.any():
            return Histogram.empty()
        buckets, where = np.unique(self.cell_buckets[cells], return_inverse=True)
        counts = np.zeros(len(buckets), dtype=np.int64)
        np.add.at(counts, where, self.cell_counts[cells])
        return Histogram(
            buckets,
            counts,
            float(np.nanmin(self.minima[rows])),
            float(np.nanmax(self.maxima[rows])),
            float(self.sums[rows].sum()),
        )


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How often one error was seen; `text` is bounded and comes from outside: escape it."""

    error_class: str
    text: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class EndpointSeries:
    """Everything recorded of one endpoint."""

    key: EndpointKey
    ok: OutcomeSeries
    failed: OutcomeSeries
    errors: tuple[ErrorCount, ...] = ()
    notables: tuple[NotableRequest, ...] = ()
    """The slowest answered requests, then the first failed ones."""

    @property
    def requests(self) -> int:
        """The number of requests, failed ones included."""
        return self.ok.total + self.failed.total

    @property
    def failures(self) -> int:
        """The number of failed requests."""
        return self.failed.total


@dataclass(frozen=True, slots=True, eq=False)
class GaugeSeries:
    """A periodic reading: `values` at `seconds` (Unix), e.g. users, worker_cpu_ratio, loop_lag_seconds.

    `source` is the process or host that was read ("worker-1", "" for the whole run).
    """

    name: str
    source: str
    seconds: FloatArray
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A run as it was recorded: its facts and its series; what a comparison takes two of.

    Attributes:
        missing_frames: about as many worker-seconds were cut and never came: gaps in the numbers of the frames.
        rejected: requests whose latency was none, negative or not finite; they are counted, without a latency.
        folded: requests counted under the name "other".
        dropped: requests that workers had to drop because no master took their frames.
    """

    info: RunInfo
    endpoints: dict[EndpointKey, EndpointSeries] = field(default_factory=dict)
    gauges: tuple[GaugeSeries, ...] = ()
    missing_frames: int = 0
    rejected: int = 0
    folded: int = 0
    dropped: int = 0
    intended: dict[EndpointKey, Histogram] = field(default_factory=dict)
    """Latencies from the intended start, of endpoints that users with an arrival rate asked."""

    @property
    def requests(self) -> int:
        """The number of requests, failed ones included."""
        return sum(endpoint.requests for endpoint in self.endpoints.values())

    @property
    def failures(self) -> int:
        """The number of failed requests."""
        return sum(endpoint.failures for endpoint in self.endpoints.values())
