"""Coarse recordings: latencies that only take a few, equally spaced values (rounded by the tool they come from)."""

import numpy as np

from perf_core.model.histogram import Histogram, lower_edges

MOST_VALUES = 200
"""More different buckets than this is no lattice that matters."""
FEWEST_REQUESTS = 200
SHARE = 0.9
"""Share of the steps between neighbouring values that must be whole multiples of the smallest one."""


def lattice_step(histogram: Histogram) -> float:
    """Return the distance in seconds between the values of a rounded recording, 0 when it is not rounded.

    A recording is taken for rounded when it has far fewer different values than requests and their distances are
    multiples of one step, as those of milliseconds in whole numbers are.
    """
    used = len(histogram.buckets)
    if histogram.total < FEWEST_REQUESTS or not 3 <= used <= min(MOST_VALUES, histogram.total // 10):
        return 0.0
    middles = (lower_edges(histogram.buckets) + lower_edges(histogram.buckets + 1)) / 2
    steps = np.diff(middles)
    step = float(np.quantile(steps, 0.1))
    widest = float(middles[-1] - lower_edges(histogram.buckets[-1:])[0]) * 2
    if step <= 2 * widest:
        return 0.0
    whole = np.abs(steps / step - np.round(steps / step)) < 0.25
    return step if float(np.mean(whole)) >= SHARE else 0.0
