"""Whether chance explains that an endpoint was not called any more: what is seldom asked for may not come up."""

import math
from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import FloatArray


@dataclass(frozen=True, slots=True)
class Absence:
    """Requests of one side that are as good as independent, and the chance that each was made on that side."""

    events: float
    share: float

    @property
    def chance(self) -> float:
        """The probability that all of them are on that side although both sides ask as often."""
        return math.pow(self.share, self.events)

    def times_longer(self, alpha: float) -> float:
        """Return how many times as long both sides must be for a chance of at most `alpha`."""
        return max(1.0, math.log(alpha) / (self.events * math.log(self.share)))


def absence(requests: FloatArray, seconds: float, silent_seconds: float) -> Absence:
    """Return how surprising it is that a side of `silent_seconds` has no request of an endpoint.

    `requests` are those per window of the other side, at least one; `seconds` is its length. Requests that come in
    bursts count for less, by the variance of the windows over their mean: a burst of ten is one event. Sides of less
    than a second are taken for a second.

    Source: Przyborowski and Wilenski (1940), two Poisson rates; McCullagh and Nelder (1989), the index of dispersion.
    """
    dispersion = float(np.var(requests, ddof=1) / np.mean(requests)) if len(requests) > 1 else float(requests.sum())
    events = max(1.0, float(requests.sum()) / max(1.0, dispersion))
    return Absence(events, max(seconds, 1.0) / (max(seconds, 1.0) + max(silent_seconds, 1.0)))
