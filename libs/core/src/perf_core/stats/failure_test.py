"""The test of the error rate on windows: failures come in outages, so requests are not the unit."""

import numpy as np

from perf_core.stats.distributions import t_tail, welch_freedom
from perf_core.stats.noise import grouped_sums, long_run_variance, merge_factor
from perf_core.stats.windows import EndpointWindows

FEW_FAILURES = 10


def failure_rise_p_value(baseline: EndpointWindows, current: EndpointWindows) -> float:
    """Return the one-sided p-value of "more requests fail"; 1 when nothing failed on the current side."""
    old, new = baseline.failures.sum(), current.failures.sum()
    if not new or not baseline.requests.sum():
        return 1.0
    if max(old, new) < FEW_FAILURES:
        return _failed_windows_p_value(baseline, current)
    pooled = (old + new) / (baseline.requests.sum() + current.requests.sum())
    parts = []
    for side in (baseline, current):
        total = side.requests.sum()
        residuals = (side.failures - side.requests * side.failures.sum() / total) / total
        floor = float(pooled * (1 - pooled) / total)
        spread = long_run_variance(residuals, merge_factor(int(total), side.count), 0.0, floor)
        parts.append((spread.variance, spread.freedom))
    rise = new / current.requests.sum() - old / baseline.requests.sum()
    error = float(np.sqrt(sum(variance for variance, _ in parts)))
    if error <= 0:
        return 0.0 if rise > 0 else 1.0
    return t_tail(float(rise) / error, welch_freedom(parts))


def _failed_windows_p_value(baseline: EndpointWindows, current: EndpointWindows) -> float:
    """Return Fisher's mid-p over windows with and without a failure, because one outage is one event."""
    from scipy.special import gammaln  # noqa: PLC0415 - scipy is slow to import

    sides = [
        (int(np.sum(grouped_sums(side.failures, 1) > 0)), int(np.sum(side.requests > 0)))
        for side in (baseline, current)
    ]
    (old, old_all), (new, new_all) = sides
    failed = old + new
    counts = np.arange(max(0, failed - old_all), min(failed, new_all) + 1)

    def log_choose(n: float, k: np.ndarray) -> np.ndarray:
        return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))

    weights = log_choose(new_all, counts) + log_choose(old_all, failed - counts)
    chances = np.exp(weights - weights.max())
    chances /= chances.sum()
    return float(np.sum(chances[counts > new]) + 0.5 * np.sum(chances[counts == new]))
