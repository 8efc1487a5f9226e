"""What a plain Locust run leaves behind: sums and percentiles of each endpoint, and no request."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from perf_core.adapters.imported import BadRow
from perf_core.errors import ResultsError

Steps = tuple[tuple[float, int], ...]
"""Latencies in seconds and how many requests took each: what is known of a distribution."""


@dataclass(frozen=True, slots=True)
class PlainEndpoint:
    """One endpoint; Locust does not tell the latencies of failed requests apart.

    Attributes:
        method: "" when all endpoints are one.
        name: as Locust calls it.
        requests: failed ones included.
        failures: failed requests.
        steps: what is known of the latencies.
        total_time: sum of the latencies, in seconds.
        minimum: seconds.
        maximum: seconds.
        bytes: size of all answers.
        per_second: requests by Unix second; empty when the file does not tell.
        errors: text -> how often.
    """

    method: str
    name: str
    requests: int
    failures: int
    steps: Steps
    total_time: float
    minimum: float
    maximum: float
    bytes: int
    per_second: dict[int, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse counts that no run can have.

        Raises:
            ResultsError: the counts contradict each other.
        """
        if self.requests < 0 or not 0 <= self.failures <= self.requests:
            raise ResultsError(f"{self.failures} failures of {self.requests} requests cannot be")
        if not (0 <= self.minimum < float("inf") and 0 <= self.maximum < float("inf") and self.total_time >= 0):
            raise ResultsError("a response time is negative or infinite")


@dataclass(frozen=True, slots=True)
class PlainRun:
    """A run as its statistics tell it; times in Unix seconds.

    Attributes:
        format: for people.
        endpoints: those that were called.
        started: start of the load.
        ended: last request.
        users: users at a time.
        limits: what the file leaves out, as the end of a sentence.
        rows: rows of the file, bad ones included.
        bad: rows that could not be read.
    """

    format: str
    endpoints: tuple[PlainEndpoint, ...]
    started: float
    ended: float
    limits: str
    users: tuple[tuple[float, int], ...] = ()
    rows: int = 0
    bad: tuple[BadRow, ...] = ()


def steps_of(percentiles: Iterable[tuple[float, float]], total: int) -> Steps:
    """Return latencies of `total` requests that have these percentiles (quantile in [0, 1], seconds).

    Locust's percentile q is the latency of the request with the index int(q * total), the fastest first. Between two
    percentiles every request is given the upper one, so that no quantile looks better than it was.
    """
    steps: list[tuple[float, int]] = []
    done = 0
    for quantile, latency in sorted(percentiles):
        upto = min(int(quantile * total), total - 1) + 1
        if upto > done:
            steps.append((latency, upto - done))
            done = upto
    if steps and done < total:
        steps.append((steps[-1][0], total - done))
    return tuple(steps)
