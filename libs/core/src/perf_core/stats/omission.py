"""What a stall hides from a closed load: users that wait do not ask, and what they would have seen is missing."""

import numpy as np

from perf_core.model.histogram import FloatArray, Histogram, IntArray, bucket_indexes, lower_edges

MOST_STEPS = 20_000
"""Requests that one slow answer may stand for."""


def corrected_for_omission(histogram: Histogram, interval: float) -> Histogram:
    """Return the histogram with the requests that were not made while others waited.

    A user that asks every `interval` seconds and once waits L of them would have asked L / interval times: it would
    have seen latencies of L - interval, L - 2 interval, ... An estimate: it takes every wait for a stall.

    Args:
        histogram: as recorded by closed users.
        interval: seconds between two requests of one user when nothing is slow; above 0.

    Source: G. Tene, HdrHistogram, recordValueWithExpectedInterval.
    """
    slow = lower_edges(histogram.buckets) > interval
    if not slow.any():
        return histogram
    latencies, counts = lower_edges(histogram.buckets[slow]), histogram.counts[slow]
    added: list[tuple[FloatArray, IntArray]] = []
    for step in range(1, min(int(latencies.max() / interval), MOST_STEPS) + 1):
        left = latencies - step * interval
        there = left > 0
        added.append((left[there], counts[there]))
    values, times = (np.concatenate(parts) for parts in zip(*added, strict=True))
    buckets, where = np.unique(bucket_indexes(values), return_inverse=True)
    totals = np.bincount(where, weights=times, minlength=len(buckets)).astype(np.int64)
    more = Histogram(buckets, totals, float(values.min()), float(values.max()), float((values * times).sum()))
    return histogram.merged(more)
