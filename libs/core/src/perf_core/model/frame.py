"""A frame: what one worker recorded in about one second, the unit of transport, storage and acknowledgement."""

from dataclasses import dataclass, field

from perf_core.model.histogram import IntArray
from perf_core.model.notable import NotableRequest


@dataclass(frozen=True, slots=True)
class FrameKey:
    """Method, request name and error class of a series; the error class of an answered request is empty."""

    method: str
    name: str
    error_class: str


@dataclass(frozen=True, slots=True, eq=False)
class FrameRow:
    """Requests of one key that started in one Unix second; buckets are of the k = 10 layout."""

    key: FrameKey
    second: int
    count: int
    total_time: float
    minimum: float
    maximum: float
    bytes: int
    buckets: IntArray
    counts: IntArray


@dataclass(frozen=True, slots=True)
class FrameError:
    """How often one error text was seen; the text is bounded and comes from outside."""

    key: FrameKey
    text: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of one worker. (worker, seq) is unique in a run; seq counts from 1 without gaps.

    Attributes:
        cut_at: Unix time at which the worker cut it.
        gauges: readings of the worker at that time: users, cpu_ratio, loop_lag_seconds, ...
        rejected: latencies that were None, NaN, negative or infinite; their requests are counted all the same.
        folded: requests counted under the name "other" because the worker met too many names.
        notables: requests that were among the slowest or the first failed ones of their endpoint so far.
        dropped: requests of frames that the worker had to drop because the master took none for too long.
        intended: latencies from the intended start, of answered requests of users with an arrival rate.
    """

    worker: str
    seq: int
    cut_at: float
    rows: tuple[FrameRow, ...]
    errors: tuple[FrameError, ...] = ()
    gauges: dict[str, float] = field(default_factory=dict)
    rejected: int = 0
    folded: int = 0
    notables: tuple[NotableRequest, ...] = ()
    dropped: int = 0
    intended: tuple[FrameRow, ...] = ()

    @property
    def requests(self) -> int:
        """The number of requests in the frame."""
        return sum(row.count for row in self.rows)
