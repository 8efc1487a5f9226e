"""Tail areas and quantiles of Student's t; scipy is imported on first use, because it is slow to load."""

import math


def t_tail(t: float, freedom: float) -> float:
    """Return P(T > t) for Student's t with `freedom` degrees of freedom."""
    from scipy.special import stdtr  # noqa: PLC0415 - on demand, see above

    return float(stdtr(freedom, -t))


def t_quantile(probability: float, freedom: float) -> float:
    """Return the value that T stays below with `probability`."""
    from scipy.special import stdtrit  # noqa: PLC0415 - on demand, see above

    return float(stdtrit(freedom, probability))


def welch_freedom(parts: list[tuple[float, float]]) -> float:
    """Return the degrees of freedom of a sum of variances, given as (variance, freedom); Welch-Satterthwaite."""
    total = sum(variance for variance, _ in parts)
    if total <= 0:
        return math.inf
    return total**2 / max(sum(variance**2 / freedom for variance, freedom in parts), 1e-300)
