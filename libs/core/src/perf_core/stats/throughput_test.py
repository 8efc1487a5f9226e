"""The test of the throughput: answered requests per second on windows, because load comes and goes in waves."""

import math
from dataclasses import dataclass

from perf_core.model.histogram import FloatArray
from perf_core.stats.distributions import t_quantile, t_tail, welch_freedom
from perf_core.stats.noise import Spread, lag_one, long_run_variance
from perf_core.stats.run_noise import SETTLED


@dataclass(frozen=True, slots=True)
class ThroughputTest:
    """Requests per second of both sides, the 95 % interval of their ratio, and the one-sided p-value of "less"."""

    baseline: float
    current: float
    ratio: float
    low: float
    high: float
    less: float


def throughput_test(
    baseline: FloatArray, current: FloatArray, seconds: tuple[float, float], run_variance: float
) -> ThroughputTest:
    """Return the shift of ln(requests per second); the arguments are answered requests per window.

    `seconds` are the lengths of the sides, `run_variance` that of the logarithm between runs of one side.
    """
    old, new = (float(side.sum()) / length for side, length in zip((baseline, current), seconds, strict=True))
    if not old or not new:
        return ThroughputTest(
            old, new, 1.0 if new == old else math.inf if new else 0.0, 0.0, math.inf, float(not old)
        )
    spreads = [_spread(side) for side in (baseline, current)]
    parts = [(each.variance, each.freedom) for each in spreads] + [(2 * run_variance, SETTLED)]
    error, freedom = math.sqrt(sum(variance for variance, _ in parts)), welch_freedom(parts)
    shift, half = math.log(new / old), t_quantile(0.975, freedom) * error
    return ThroughputTest(
        old, new, new / old, math.exp(shift - half), math.exp(shift + half), t_tail(-shift / error, freedom)
    )


def _spread(counts: FloatArray) -> Spread:
    total = float(counts.sum())
    residuals = (counts - counts.mean()) / total
    return long_run_variance(residuals, 1, lag_one(residuals) + 1 / len(counts), 1 / total)
