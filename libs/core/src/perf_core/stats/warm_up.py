"""Where a run's warm-up ends, and whether it became steady: from the medians of all requests, second by second."""

import math
from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import BUCKETS, FloatArray, lower_edges
from perf_core.model.series import Recording
from perf_core.stats.distributions import t_tail
from perf_core.stats.noise import lag_one

BATCH = 5
"""Values that MSER-5 takes together."""
SEARCHED = 0.25
"""Share of the values in which the end of the warm-up is looked for; searched further it halves stationary runs."""
NEARLY = 0.1
"""By how much, relatively, the squared error after an earlier end may exceed that after the best one."""
TREND_ALPHA = 0.001
TREND_FLOOR = 0.10
HIGHEST_PHI = 0.95
NOTABLE_ALPHA = 0.01
NOTABLE_FLOOR = 0.05
SMALLEST = 0.001
"""Seconds: a median that moved by less is no trend, as a shift of less is no regression."""
FEWEST = 40
"""Seconds with requests below which nothing is said about a trend."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through the logarithms of the medians: the change over the run, and its two-sided p-value."""

    change: float
    """Relative: 0.2 is 20 % slower at the end than at the beginning."""
    p_value: float
    seconds: float = 0.0
    """The same change in seconds, of the typical value."""

    @property
    def steady(self) -> bool:
        """Whether the run may be taken for steady: no trend, or one too small to matter."""
        return self.p_value >= TREND_ALPHA or abs(self.change) <= TREND_FLOOR or self._tiny

    @property
    def notable(self) -> bool:
        """Whether people should be told of it, steady or not."""
        return self.p_value < NOTABLE_ALPHA and abs(self.change) > NOTABLE_FLOOR and not self._tiny

    @property
    def _tiny(self) -> bool:
        return abs(self.seconds) < SMALLEST


def medians_by_second(recording: Recording, first: int, end: int) -> FloatArray:
    """Return the median latency of all answered requests in each second of [first, end); NaN without a request."""
    seconds = max(end - first, 0)
    parts = [each.ok for each in recording.endpoints.values() if len(each.ok.cell_seconds)]
    medians = np.full(seconds, np.nan)
    if not parts or not seconds:
        return medians
    rows = np.concatenate([part.cell_seconds for part in parts]) - first
    buckets, counts = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("cell_buckets", "cell_counts")
    )
    inside = (rows >= 0) & (rows < seconds)
    rows, buckets, counts = rows[inside], buckets[inside], counts[inside]
    order = np.argsort(rows * BUCKETS + buckets)
    rows, buckets, done = rows[order], buckets[order], np.cumsum(counts[order])
    totals = np.bincount(rows, weights=counts[order], minlength=seconds)
    known = totals > 0
    before = np.cumsum(totals) - totals
    at = np.searchsorted(done, (before + totals / 2)[known], side="left")
    medians[known] = lower_edges(buckets[at] + 1)
    return medians


def warm_up_length(values: FloatArray) -> int:
    """Return how many values at the start are warm-up, a multiple of five, at most a quarter of them.

    The earliest end that is nearly as good as the best one: in a run that is steady from the start the best one is
    chance, and the longest cut of all compared runs is made in each of them.

    Source: White, Cobb and Spratt (2000), MSER-5; Hoad, Robinson and Davies (2010), AutoSimOA.
    """
    batches = len(values) // BATCH
    most = int(batches * SEARCHED)
    if most < 1:
        return 0
    known = np.where(np.isnan(values), np.nanmean(values) if np.any(~np.isnan(values)) else 0.0, values)
    means = known[: batches * BATCH].reshape(batches, BATCH).mean(axis=1)
    errors = np.array([np.var(means[cut:]) / (batches - cut) for cut in range(most + 1)])
    return int(np.argmax(errors <= (1 + NEARLY) * errors.min())) * BATCH


def trend(values: FloatArray) -> Trend:
    """Return the trend of values in time, with an error that knows neighbours to be alike (Newey and West, 1987)."""
    at = np.flatnonzero(~np.isnan(values))
    if len(at) < FEWEST:
        return Trend(0.0, 1.0)
    logs = np.log(np.maximum(values[at], 1e-6))
    moments = (at - at.mean()) / len(values)
    power = float(moments @ moments)
    slope = float(moments @ logs) / power
    rest = logs - logs.mean() - slope * moments
    found = lag_one(rest)
    phi = min(max(found + (2 + 4 * found) / len(at), 0.0), HIGHEST_PHI)
    lags = min(max(1, math.ceil(4 * (1 + phi) / (1 - phi))), len(at) // 3)
    influence = moments * rest
    variance = float(influence @ influence)
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(influence[lag:] @ influence[:-lag])
    variance = max(variance, float(influence @ influence) * (1 + phi) / (1 - phi))
    error = math.sqrt(max(variance, 1e-300)) / power
    freedom = max(len(at) * (1 - phi) / (1 + phi) - 2, 3.0)
    change = math.expm1(slope)
    p_value = min(1.0, 2 * t_tail(abs(slope) / error, freedom))
    return Trend(change, p_value, change * float(np.median(values[at])))
