"""The Kolmogorov-Smirnov test for requests that depend on each other: a bootstrap of windows, not of requests.

Source: multiplier bootstrap of cluster residuals (Buecher and Kojadinovic 2016; Chandy et al., arXiv 2511.05733).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from perf_core.model.histogram import FloatArray, IntArray, bucket_indexes
from perf_core.stats.distributions import t_tail
from perf_core.stats.ks import KsResult
from perf_core.stats.noise import grouped_sums, lag_one, merge_factor
from perf_core.stats.windows import EndpointWindows

PLACES = 64
DRAWS = 1000
BATCH = 50
SEED = 20_240_601
FEWEST_WINDOWS = 12
TAIL = 0.03
"""Beyond this share of the draws the p-value follows a normal tail instead of counting draws."""
HIGHEST_PHI = 0.8


@dataclass(frozen=True, slots=True)
class WindowKs:
    """p-value of D corrected for dependence, and how many independent requests carry as much information."""

    p_value: float
    effective_requests: float


@dataclass(frozen=True, slots=True, eq=False)
class _Residuals:
    """Per window (rows) and place (columns): what the window adds to the distribution beyond its share."""

    values: FloatArray
    inflation: float
    freedom: float
    share: FloatArray
    requests: int


def window_ks(baseline: EndpointWindows, current: EndpointWindows, result: KsResult) -> WindowKs | None:
    """Return the corrected test of a distance D; None with fewer than 12 windows on a side."""
    if min(baseline.count, current.count) < FEWEST_WINDOWS:
        return None
    place = int(bucket_indexes(np.array([result.at]))[0]) - 1
    places = _places(baseline, current, place)
    sides = [_residuals(side, places) for side in (baseline, current)]
    if min(len(side.values) for side in sides) < 3:
        return None
    variance = _variance(sides[0]) + _variance(sides[1])
    at = int(np.searchsorted(places, max(place, 0)))
    independent = baseline.histogram.total * current.histogram.total / (
        baseline.histogram.total + current.histogram.total
    )  # fmt: skip
    pooled = float(np.clip((sides[0].share[at] + sides[1].share[at]) / 2, 1e-12, 1 - 1e-12))
    effective = min(pooled * (1 - pooled) / max(float(variance[at]), 1e-300), independent)
    return WindowKs(_p_value(sides, result.distance, variance), effective)


def _places(baseline: EndpointWindows, current: EndpointWindows, place: int) -> IntArray:
    """Return buckets: pooled quantiles, and the place of the distance itself."""
    together = baseline.histogram.merged(current.histogram)
    ranks = (np.arange(PLACES) + 0.5) / PLACES * together.total
    quantiles = together.buckets[np.searchsorted(np.cumsum(together.counts), ranks)]
    found: IntArray = np.unique(np.append(quantiles, max(place, 0)))
    return found


def _residuals(side: EndpointWindows, places: IntArray) -> _Residuals:
    total = side.histogram.total
    done = side.done_within(places)
    share = done.sum(axis=0) / total
    merge = merge_factor(total, side.count)
    values = np.array([grouped_sums(column, merge) for column in (done - np.outer(side.answered, share)).T]).T / total
    phi = min(max(float(np.mean([lag_one(column) for column in values.T])), 0.0), HIGHEST_PHI)
    inflation = (1 + phi) / (1 - phi)
    count = len(values)
    return _Residuals(
        values * math.sqrt(count / max(count - 1, 1)),
        inflation,
        max((count - 1) / inflation, 3.0),
        share,
        total,
    )


def _variance(side: _Residuals) -> FloatArray:
    """Return the variance of the share at each place, never below that of independent requests."""
    least = side.share * (1 - side.share) / side.requests
    found: FloatArray = np.maximum((side.values**2).sum(axis=0) * side.inflation, least)
    return found


def _p_value(sides: list[_Residuals], distance: float, variance: FloatArray) -> float:
    worst = _largest_distances(sides)
    freedom = sum(side.freedom for side in sides)
    limit = float(worst[int((1 - TAIL) * DRAWS)])
    if limit <= 0:
        return 0.0 if distance > 0 else 1.0
    if distance <= limit:
        return float(np.mean(worst >= distance))
    highest = math.sqrt(float(variance.max()))
    return TAIL * t_tail(distance / highest, freedom) / t_tail(limit / highest, freedom)


def _largest_distances(sides: list[_Residuals]) -> FloatArray:
    """Return the distances that chance makes, one per draw, rising."""
    weighed = []
    for side in sides:
        raw = np.sqrt((side.values**2).sum(axis=0) * side.inflation)
        scale = np.sqrt(_variance(side)) / np.where(raw > 0, raw, 1.0)
        weighed.append(side.values * scale * math.sqrt(side.inflation))
    draws = zip(*(_multipliers(number, len(side.values)) for number, side in enumerate(sides)), strict=True)
    worst = np.concatenate([np.abs(old @ weighed[0] + new @ weighed[1]).max(axis=1) for old, new in draws])
    return np.sort(worst)


@lru_cache(maxsize=8)
def _multipliers(side: int, windows: int) -> FloatArray:
    """Return the random weights of windows, the same for every endpoint; in small batches, which need no threads."""
    return np.random.default_rng([SEED, side]).standard_normal((DRAWS // BATCH, BATCH, windows))
