"""Coarse recordings: latencies that take few values, whole steps apart (rounded by the tool they come from)."""

import numpy as np

from perf_core.model.histogram import FloatArray, Histogram, lower_edges

MOST_VALUES = 200
"""More different buckets than this is no lattice that matters."""
FEWEST_REQUESTS = 200
SHARE = 0.9
"""Share of the distances between neighbouring values that must be whole multiples of the smallest ones."""


def lattice_steps(histogram: Histogram) -> FloatArray:
    """Return for each value the distance in seconds to the nearer of its neighbours; zeros when it is not rounded.

    A recording is taken for rounded when it has far fewer different values than requests, further apart than buckets
    are wide, and their distances are multiples of one step. The step may grow with the value, as Locust's does.
    """
    used = len(histogram.buckets)
    if histogram.total < FEWEST_REQUESTS or not 3 <= used <= min(MOST_VALUES, histogram.total // 10):
        return np.zeros(used)
    low, high = lower_edges(histogram.buckets), lower_edges(histogram.buckets + 1)
    gaps = np.diff((low + high) / 2)
    ratios = gaps / float(np.quantile(gaps, 0.1))
    apart = gaps > 2 * (high - low)[1:]
    whole = (np.abs(ratios - np.round(ratios)) < 0.25) | (ratios > 4)
    if min(float(np.mean(apart)), float(np.mean(whole))) < SHARE:
        return np.zeros(used)
    nearer: FloatArray = np.minimum(np.append(gaps, gaps[-1]), np.append(gaps[0], gaps))
    return nearer


def step_at(histogram: Histogram, latency: float) -> float:
    """Return the step in seconds of a rounded recording near a latency; 0 when it is not rounded."""
    steps = lattice_steps(histogram)
    at = int(np.searchsorted(lower_edges(histogram.buckets + 1), latency, side="left"))
    return float(steps[min(at, len(steps) - 1)]) if len(steps) else 0.0


def spread_quantile(histogram: Histogram, q: float, steps: FloatArray) -> float:
    """Return quantile q in seconds when each value stands for all within half its step; as recorded for zeros."""
    cumulative = np.cumsum(histogram.counts)
    rank = q * histogram.total
    at = min(int(np.searchsorted(cumulative, rank, side="left")), len(cumulative) - 1)
    if not steps[at]:
        return histogram.quantile(q)
    inside = (rank - float(cumulative[at] - histogram.counts[at])) / float(histogram.counts[at])
    bucket = histogram.buckets[at : at + 1]
    middle = float(lower_edges(bucket)[0] + lower_edges(bucket + 1)[0]) / 2
    return max(middle + (inside - 0.5) * float(steps[at]), 0.0)
