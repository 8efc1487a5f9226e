"""How much values scatter beyond what is known of each, whatever a few of them do: Qn and a robust Paule-Mandel."""

from collections.abc import Callable

import numpy as np

from perf_core.model.histogram import FloatArray

QN_EFFICIENCY = 0.82
"""Of Qn at the normal distribution; the median absolute deviation has 0.37. Both survive half of the values."""
_NORMAL = 2.2219
_SMALL = (0.0, 0.0, 0.399, 0.994, 0.512, 0.844, 0.611, 0.857, 0.669, 0.872)
_STEPS = 50


def qn_scale(values: FloatArray) -> float:
    """Return a standard deviation from the first quarter of the distances between values; 0 for fewer than two.

    Source: Rousseeuw and Croux (1993), Alternatives to the median absolute deviation; their small-sample factors.
    """
    count = len(values)
    if count < 2:
        return 0.0
    half = count // 2 + 1
    first, second = np.triu_indices(count, 1)
    rank = half * (half - 1) // 2
    distance = float(np.partition(np.abs(values[first] - values[second]), rank - 1)[rank - 1])
    return _NORMAL * _correction(count) * distance


def excess_variance(values: FloatArray, variances: FloatArray) -> float:
    """Return the variance to add to each of `variances` so that the values scatter as much as these say; 0 if less.

    Source: Paule and Mandel (1982), with Qn instead of the standard deviation.
    """
    most = float(np.max(variances)) + 4 * float(np.ptp(values)) ** 2
    return _smallest_excess(lambda excess: qn_scale(values / np.sqrt(variances + excess)) <= 1, most)


def excess_between(seen: FloatArray, variances: FloatArray, freedom: int) -> float:
    """Return the variance to add to each of `variances` so that half of the `seen` ones are above their median.

    `seen` are variances of normal values with `freedom` degrees of freedom each.
    """
    middle = (
        1 - 2 / (9 * freedom)
    ) ** 3  # the median of chi-squared per degree of freedom, Wilson and Hilferty (1931)
    most = float(np.max(seen)) / middle
    return _smallest_excess(lambda excess: float(np.median(seen / (variances + excess))) <= middle, most)


def _smallest_excess(enough: Callable[[float], bool], most: float) -> float:
    if enough(0.0):
        return 0.0
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if enough(middle):
            high = middle
        else:
            low = middle
    return high


def _correction(count: int) -> float:
    if count < len(_SMALL):
        return _SMALL[count]
    return count / (count + 1.4) if count % 2 else count / (count + 3.8)
