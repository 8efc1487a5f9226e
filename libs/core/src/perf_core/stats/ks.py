"""The two-sample Kolmogorov-Smirnov test on histograms, and the probability of superiority (A12)."""

import math
from dataclasses import dataclass

import numpy as np

from perf_core.errors import EmptyHistogramError
from perf_core.model.histogram import FloatArray, Histogram, IntArray, lower_edges

_SUMMED = range(1_000, 1_000_001)
"""Sample sizes for which scipy adds up as many terms as there are requests; beyond, it takes a limit."""
_TAIL, _NOTHING_LEFT = 2.2, 370.0
"""n D^2 between which it does so for the tail."""
_TERMS = 512


@dataclass(frozen=True, slots=True)
class KsResult:
    """D, a bound on the raw samples' D, where D occurs, and the share done by then on both sides."""

    distance: float
    bound: float
    at: float
    baseline_done: float
    current_done: float


def ks_test(baseline: Histogram, current: Histogram) -> KsResult:
    """Return the distance of two distributions; D is exact at bucket edges, hence a lower bound of the raw one.

    Raises:
        EmptyHistogramError: either side holds no request.
    """
    grid, old, new = _shares(baseline, current)
    old_done, new_done = np.cumsum(old), np.cumsum(new)
    apart = old_done - new_done
    before = np.concatenate([[0.0], apart[:-1]])
    place = int(np.argmax(np.abs(apart)))
    distance = min(1.0, float(abs(apart[place])))
    bound = float(max(np.max(before + old), np.max(new - before), distance))
    edge = float(lower_edges(grid[place : place + 1] + 1)[0])
    return KsResult(
        distance, min(1.0, bound), edge, min(1.0, float(old_done[place])), min(1.0, float(new_done[place]))
    )


def ks_distance(baseline: Histogram, current: Histogram) -> float:
    """Return the two-sample Kolmogorov-Smirnov distance, in [0, 1].

    Raises:
        EmptyHistogramError: either side holds no request.

    Source: Smirnov (1939), two-sample test.
    """
    return ks_test(baseline, current).distance


def ks_p_value(distance: float, baseline_requests: int, current_requests: int) -> float:
    """Return the p-value scipy's asymptotic two-sided `ks_2samp` gives; it assumes independent requests."""
    if distance <= 0:
        return 1.0
    small, large = sorted((float(baseline_requests), float(current_requests)))
    effective = max(1, round(large * small / (large + small)))
    if effective in _SUMMED and _TAIL <= effective * distance**2 < _NOTHING_LEFT and distance < 0.5:
        return 2 * _one_sided_tail(effective, distance)
    from scipy.stats import kstwo  # noqa: PLC0415 - slow to import, needed here only

    return float(np.clip(kstwo.sf(distance, effective), 0.0, 1.0))


def _one_sided_tail(count: int, distance: float) -> float:
    """Return P(D+ >= distance) of `count` independent requests, as `scipy.special.smirnov` does term by term.

    Its terms are smooth and vanish at both ends, so a few hundred of them, evenly apart, give the sum of a million to
    twelve digits in a thousandth of the time.

    Source: Birnbaum and Tingey (1951) for the sum; the trapezoidal rule for the rest.
    """
    from scipy.stats import binom  # noqa: PLC0415 - slow to import, needed here only

    last = math.floor(count * (1 - distance))
    apart = max(1, last // _TERMS)
    at = np.arange(0, last + 1, apart)
    chances = distance + at / count
    return distance * apart * float(np.sum(binom.pmf(at, count, chances) / chances))


def superiority(baseline: Histogram, current: Histogram) -> float:
    """Return A12: the probability that a random current request is slower than a random baseline one, ties halved.

    Source: Vargha and Delaney (2000).
    """
    _, old, new = _shares(baseline, current)
    return float(np.clip(np.sum(new * (np.cumsum(old) - old / 2)), 0.0, 1.0))


def _shares(baseline: Histogram, current: Histogram) -> tuple[IntArray, FloatArray, FloatArray]:
    if not baseline.total or not current.total:
        raise EmptyHistogramError(
            f"a comparison needs requests on both sides, got {baseline.total} and {current.total}; run longer"
        )
    grid = np.union1d(baseline.buckets, current.buckets).astype(np.int64)
    sides = []
    for each in (baseline, current):
        share = np.zeros(len(grid))
        share[np.searchsorted(grid, each.buckets)] = each.counts / each.total
        sides.append(share)
    return grid, sides[0], sides[1]
