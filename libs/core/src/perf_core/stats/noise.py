"""How much a quantile would move if the same run were made again: window influences and their long-run variance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import FloatArray, Histogram
from perf_core.stats.lattice import lattice_steps, spread_quantile
from perf_core.stats.windows import EndpointWindows

RESOLUTION = 1e-6
"""Seconds; latencies below are taken as this, so that a logarithm exists."""
HALF_BUCKET = 2.0**-11
HIGHEST_PHI = 0.8
REQUESTS_PER_WINDOW = 5
REACH = 3.0
"""Standard errors within which chance may move a quantile."""
CLIFF = 2.5
"""Times as steep as nearby from which a gap between two kinds of answers is in reach, and not only a bent curve."""


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """A quantile of one side and what each window does to its logarithm (`psi`, sums to zero).

    `merge` windows are taken together before anything is squared: five requests in each for sparse endpoints.
    """

    value: float
    psi: FloatArray
    merge: int
    floor: float
    """Variance of independent requests, or of the recording's resolution: nothing is known better."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A variance and how well it is known."""

    variance: float
    freedom: float


def influence(windows: EndpointWindows, q: float) -> Influence:
    """Return the quantile q of one side with the influence of each window on its logarithm.

    Values of a coarse recording are taken for spread over the step between them.

    Source: Woodruff (1952) for the slope; ratio residuals per window as cluster sampling has them.
    """
    histogram = windows.histogram
    steps = lattice_steps(histogram)
    total = histogram.total
    merge = merge_factor(total, windows.count)
    residuals = _done(windows, q) - windows.answered * q
    grouped = grouped_sums(residuals, merge)
    count = len(grouped)
    inflation = _inflation(_clipped(lag_one(grouped)))
    se = float(np.sqrt(count / (count - 1) * np.sum(grouped**2) * inflation)) / total
    slope = _slope(histogram, steps, q, max(se, 0.5 / total))
    psi = -residuals / total * slope * np.sqrt(count / (count - 1))
    floor = max(q * (1 - q) / total * slope**2, HALF_BUCKET**2)
    return Influence(max(spread_quantile(histogram, q, steps), RESOLUTION), psi, merge, floor)


def merge_factor(requests: int, windows: int) -> int:
    """Return how many neighbouring windows to take together to have five requests in each on average."""
    return max(1, int(np.ceil(REQUESTS_PER_WINDOW * windows / max(requests, 1))))


def pooled_phi(series: Sequence[FloatArray], merges: Sequence[int]) -> float:
    """Return the autocorrelation of neighbouring windows, averaged over endpoints and corrected for its bias."""
    grouped = [grouped_sums(each, merge) for each, merge in zip(series, merges, strict=True)]
    mean = float(np.mean([lag_one(each) for each in grouped]))
    count = float(np.mean([len(each) for each in grouped]))
    return mean + (1 + 4 * max(mean, 0.0)) / count


def long_run_variance(psi: FloatArray, merge: int, pooled: float, floor: float) -> Spread:
    """Return the variance of the sum of `psi`, inflated for autocorrelation (own or pooled, the larger)."""
    grouped = grouped_sums(psi, merge)
    phi = _clipped(max(lag_one(grouped), pooled))
    variance = float(np.sum(grouped**2)) * _inflation(phi)
    freedom = max((len(grouped) - 1) / _inflation(phi), 3.0)
    return Spread(max(variance, floor), freedom)


def lag_one(series: FloatArray) -> float:
    """Return the autocorrelation at lag one of a series around zero; 0 when it does not vary."""
    power = float(np.dot(series, series))
    return float(np.dot(series[1:], series[:-1])) / power if power > 0 else 0.0


def grouped_sums(series: FloatArray, merge: int) -> FloatArray:
    """Return the sums of `merge` neighbours; a short last group joins the one before."""
    if merge <= 1:
        return series
    starts = np.arange(0, max(len(series) - merge + 1, 1), merge)
    return np.add.reduceat(series, starts)


def _inflation(phi: float) -> float:
    return (1 + phi) / (1 - phi)


def _clipped(phi: float) -> float:
    return min(max(phi, 0.0), HIGHEST_PHI)


def _done(windows: EndpointWindows, q: float) -> FloatArray:
    """Return how much of quantile q each window holds: requests below its bucket, and a part of those in it."""
    histogram = windows.histogram
    cumulative = np.cumsum(histogram.counts)
    at = min(int(np.searchsorted(cumulative, q * histogram.total, side="left")), len(cumulative) - 1)
    bucket = histogram.buckets[at : at + 1]
    below, within = windows.done_within(np.concatenate([bucket - 1, bucket])).T
    before = float(cumulative[at] - histogram.counts[at])
    done: FloatArray = below + (within - below) * (q * histogram.total - before) / float(histogram.counts[at])
    return done


def _slope(histogram: Histogram, steps: FloatArray, q: float, se: float) -> float:
    """Return how fast ln Q rises around q; where a gap is in reach, as fast as it takes to fall across it.

    Beside a gap (hits of a cache and misses, say) nothing rises nearby, and yet chance moves the quantile across.
    """
    near = _rise(histogram, steps, max(q - se, 0.0), min(q + se, 1.0))
    low, high = q - REACH * se, q + REACH * se
    ends = ([(low, q)] if low > 0 else []) + ([(q, high)] if high < 1 else [])
    far = max((_rise(histogram, steps, *each) for each in ends), default=0.0)
    return far if far > CLIFF * near else near


def _rise(histogram: Histogram, steps: FloatArray, low: float, high: float) -> float:
    """Return the mean slope of ln Q between two shares."""
    values = [max(spread_quantile(histogram, each, steps), RESOLUTION) for each in (low, high)]
    return float(np.log(values[1] / values[0]) / (high - low))
