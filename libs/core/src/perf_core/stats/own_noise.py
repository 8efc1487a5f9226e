"""What each endpoint has for itself between two runs: what was known before, or more when endpoints scatter more.

Source: random-effects shrinkage (Paule and Mandel 1982) with a robust scale (Rousseeuw and Croux 1993).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import FloatArray
from perf_core.stats.noise import Spread
from perf_core.stats.robust_scale import QN_EFFICIENCY, excess_variance
from perf_core.stats.run_noise import PRIOR_TRUST, NoiseModel

_PRIOR_ENDPOINTS = 4.0
MOST_LEFT_OUT = 7
"""Endpoints above which one of them hardly changes what all of them scatter."""


@dataclass(frozen=True, slots=True)
class OwnNoise:
    """What endpoints have for themselves between two runs: as all show it, and for each as the others show it."""

    together: Spread
    beside: tuple[Spread, ...]


def known_noise(noise: NoiseModel, least: OwnNoise | None, endpoints: int) -> OwnNoise:
    """Return what is known of the endpoints' own noise before they are looked at."""
    prior = Spread(noise.endpoint, noise.endpoint_freedom)
    if least is None:
        return OwnNoise(prior, (prior,) * endpoints)
    return OwnNoise(_larger(prior, least.together), tuple(_larger(prior, each) for each in least.beside))


def _larger(known: Spread, seen: Spread) -> Spread:
    return seen if seen.variance > known.variance else known


def own_noise(
    residuals: FloatArray,
    leave_one_out: tuple[FloatArray, FloatArray],
    relative: Sequence[tuple[Spread, Spread]] | None,
    known: OwnNoise,
) -> OwnNoise:
    """Return the endpoints' own run-to-run variance: what was known, or more when they scatter more.

    Among few endpoints none adds its own shift to the noise that it is held against: one that moved and two that
    scatter are half of six, and Qn breaks. What so few others show is not known as well.
    """
    if not relative:
        return known
    inside = np.array([old.variance + new.variance for old, new in relative])
    seen = excess_variance(residuals, inside)
    if seen <= known.together.variance:
        return known
    together = _weighed(seen, inside, known.together, _PRIOR_ENDPOINTS)
    if len(residuals) > MOST_LEFT_OUT:
        return OwnNoise(together, tuple(_larger(each, together) for each in known.beside))
    shifts, medians = leave_one_out
    beside = []
    for index, each in enumerate(known.beside):
        others = np.delete(inside, index)
        seen = excess_variance(np.delete(shifts, index) - medians[index], others)
        beside.append(_weighed(max(seen, each.variance), others, each, PRIOR_TRUST))
    return OwnNoise(together, tuple(beside))


def _weighed(seen: float, inside: FloatArray, known: Spread, trust: float) -> Spread:
    """Return what endpoints scatter, weighed against what was known, which counts like `trust` in its freedom."""
    weight = QN_EFFICIENCY * (len(inside) - 1) * float(np.median(seen / (seen + inside))) ** 2
    variance = (_PRIOR_ENDPOINTS * known.variance + weight * seen) / (_PRIOR_ENDPOINTS + weight)
    return Spread(variance, trust + weight)
