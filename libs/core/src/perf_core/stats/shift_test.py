"""The test of log-quantile shifts: against all noise (total view), against the others (relative view), and run-wide.

Source: cluster-sampling quantile variances (Woodruff 1952), random-effects shrinkage, leave-one-out weighted medians.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from perf_core.model.histogram import FloatArray
from perf_core.stats.distributions import t_quantile, t_tail, welch_freedom
from perf_core.stats.noise import Influence, Spread, long_run_variance, pooled_phi
from perf_core.stats.own_noise import OwnNoise, known_noise, own_noise
from perf_core.stats.run_noise import SETTLED, NoiseModel

HEAVIEST = 0.3
FEWEST_FOR_RELATIVE = 4


@dataclass(frozen=True, slots=True)
class View:
    """A shift as one view sees it, with its standard error."""

    shift: float
    error: float
    freedom: float


@dataclass(frozen=True, slots=True)
class EndpointShift:
    """The shift of ln Q of one endpoint, its standard errors and one-sided p-values."""

    shift: float
    error: float
    freedom: float
    relative_error: float | None
    relative_freedom: float
    slower: float
    """p-value of "slower", before correction."""
    faster: float
    faster_total: float
    """p-value of "faster" in the total view alone."""
    inside: float = 0.0
    """The part of `error` squared that the windows explain; the rest is noise between runs."""
    relative: float | None = None
    """The shift beside that of the other endpoints; None without the relative view."""
    trust: float = SETTLED
    """Degrees of freedom of `error` where a slowdown is to be excluded."""

    @property
    def clearest(self) -> "View":
        """The view in which the shift stands out most."""
        total = View(self.shift, self.error, self.freedom)
        if self.relative is None or self.relative_error is None:
            return total
        beside = View(self.relative, self.relative_error, self.relative_freedom)
        return max(total, beside, key=lambda view: abs(view.shift) / view.error)

    def bound(self, probability: float) -> float:
        """Return the value the shift stays below with `probability`, in the total view."""
        return self.shift + t_quantile(probability, self.trust) * self.error

    def detectable(self, alpha: float) -> float:
        """Return the smallest shift found with power 0.8 by a one-sided test at `alpha`, in the better view."""
        views = [(self.error, self.freedom)]
        if self.relative_error is not None:
            views.append((self.relative_error, self.relative_freedom))
        return min((t_quantile(1 - alpha / 2, df) + t_quantile(0.8, df)) * error for error, df in views)


@dataclass(frozen=True, slots=True)
class SharedShift:
    """The shift all endpoints share, with its standard error and one-sided p-values."""

    shift: float
    error: float
    freedom: float
    slower: float
    faster: float


@dataclass(frozen=True, slots=True)
class QuantileTest:
    """The result of one quantile over all endpoints that have enough requests for it."""

    endpoints: tuple[EndpointShift, ...]
    shared: SharedShift | None
    own: OwnNoise | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    baseline: Sequence[Influence]
    current: Sequence[Influence]
    phi_baseline: float
    phi_current: float

    def spread(self, index: int) -> tuple[Spread, Spread]:
        old, new = self.baseline[index], self.current[index]
        return (
            long_run_variance(old.psi, old.merge, self.phi_baseline, old.floor),
            long_run_variance(new.psi, new.merge, self.phi_current, new.floor),
        )


def shift_test(
    baseline: Sequence[Influence], current: Sequence[Influence], noise: NoiseModel, least: OwnNoise | None = None
) -> QuantileTest:
    """Return the shift of one quantile for every endpoint (same order on both sides) and for all together.

    `least` is what is known of the endpoints' own noise, where it is more than `noise` says.
    """
    if not baseline:
        return QuantileTest((), None)
    sides = _Sides(
        baseline,
        current,
        pooled_phi([each.psi for each in baseline], [each.merge for each in baseline]),
        pooled_phi([each.psi for each in current], [each.merge for each in current]),
    )
    shifts = np.log([new.value / old.value for old, new in zip(baseline, current, strict=True)])
    spreads = [sides.spread(index) for index in range(len(shifts))]
    known = known_noise(noise, least, len(shifts))
    weights = _weights(spreads, known.together.variance)
    relative = _relative_spreads(sides, weights) if len(shifts) >= FEWEST_FOR_RELATIVE else None
    medians = _leave_one_out_medians(shifts, weights) if relative else np.zeros(len(shifts))
    shared = weighted_median(shifts, weights)
    own = own_noise(shifts - shared, (shifts, medians), relative, known)
    alone = np.array([old.variance + new.variance for old, new in relative or spreads])
    endpoints = []
    for index, shift in enumerate(shifts):
        beside = own.beside[index]
        total = [*spreads[index], Spread(noise.run, noise.run_freedom), beside]
        view = None
        if relative:
            others = _others(weights, index)
            price = _median_price(others, np.delete(alone + beside.variance, index))
            between = beside.variance * (1 + float(np.sum(others**2))) + price
            view = [*relative[index], Spread(between, beside.freedom)]
        judged = _endpoint_shift(float(shift), total, view, float(shift - medians[index]))
        trusted = [*spreads[index], Spread(noise.run, noise.run_trust), beside]
        endpoints.append(replace(judged, trust=_combined(trusted)[1]))
    together = _shared_shift(sides, weights, shared, noise, (own.together, alone))
    return QuantileTest(tuple(endpoints), together, own)


def weighted_median(values: FloatArray, weights: FloatArray) -> float:
    """Return the value at which half of the weight is reached."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][int(np.searchsorted(reached, reached[-1] / 2))])


def _weights(spreads: Sequence[tuple[Spread, Spread]], own: float) -> FloatArray:
    weights = np.array([1 / (old.variance + new.variance + own) for old, new in spreads])
    weights /= weights.sum()
    highest = max(HEAVIEST, 1 / len(weights))
    for _ in range(10):
        weights = np.minimum(weights, highest)
        weights /= weights.sum()
    return weights


def _leave_one_out_medians(shifts: FloatArray, weights: FloatArray) -> FloatArray:
    order = np.argsort(shifts)
    rank = np.argsort(order)
    reached = np.cumsum(weights[order])[None, :] - np.where(
        np.arange(len(shifts))[None, :] >= rank[:, None], weights[:, None], 0.0
    )
    halves = (weights.sum() - weights) / 2
    reached[np.arange(len(shifts)), rank] = -1.0  # never the endpoint itself
    medians: FloatArray = shifts[order][np.argmax(reached >= halves[:, None], axis=1)]
    return medians


def _relative_spreads(sides: _Sides, weights: FloatArray) -> list[tuple[Spread, Spread]]:
    return list(
        zip(
            _one_side_relative(sides.baseline, weights),
            _one_side_relative(sides.current, weights),
            strict=True,
        )
    )


def _one_side_relative(side: Sequence[Influence], weights: FloatArray) -> list[Spread]:
    """Return the variances of each endpoint against the others; what all wander together is in none of them."""
    psi = np.array([each.psi for each in side])
    everything = weights @ psi
    rest = (everything - weights[:, None] * psi) / np.maximum(weights.sum() - weights, 1e-300)[:, None]
    merges = [each.merge for each in side]
    pooled = pooled_phi(list(psi - rest), merges)
    return [
        long_run_variance(own, each.merge, pooled, each.floor) for own, each in zip(psi - rest, side, strict=True)
    ]


def _others(weights: FloatArray, index: int) -> FloatArray:
    """Return the weights of all other endpoints, scaled to sum to one."""
    others = np.delete(weights, index)
    scaled: FloatArray = others / others.sum()
    return scaled


def _median_price(weights: FloatArray, variances: FloatArray) -> float:
    """Return by how much the variance of a weighted median of independent values exceeds that of their mean.

    Source: asymptotic variance of the weighted median, here of normal values.
    """
    median = np.pi / 2 * np.sum(weights**2) / np.sum(weights / np.sqrt(variances)) ** 2
    return max(0.0, float(median - np.sum(weights**2 * variances)))


def _combined(parts: Sequence[Spread]) -> tuple[float, float]:
    error = float(np.sqrt(sum(part.variance for part in parts)))
    return error, welch_freedom([(part.variance, part.freedom) for part in parts])


def _endpoint_shift(
    shift: float, total: Sequence[Spread], view: Sequence[Spread] | None, relative_shift: float
) -> EndpointShift:
    error, freedom = _combined(total)
    slower, faster = t_tail(shift / error, freedom), t_tail(-shift / error, freedom)
    inside = total[0].variance + total[1].variance
    if view is None:
        p_values = min(1.0, 2 * slower), min(1.0, 2 * faster), faster
        return EndpointShift(shift, error, freedom, None, freedom, *p_values, inside)
    relative_error, relative_freedom = _combined(view)
    t = relative_shift / relative_error
    return EndpointShift(
        shift,
        error,
        freedom,
        relative_error,
        relative_freedom,
        min(1.0, 2 * min(slower, t_tail(t, relative_freedom))),
        min(1.0, 2 * min(faster, t_tail(-t, relative_freedom))),
        faster,
        inside,
        relative_shift,
    )


def _shared_shift(
    sides: _Sides, weights: FloatArray, shift: float, noise: NoiseModel, scatter: tuple[Spread, FloatArray]
) -> SharedShift | None:
    if len(weights) < 2:
        return None
    own, alone = scatter
    old = long_run_variance(weights @ np.array([each.psi for each in sides.baseline]), 1, sides.phi_baseline, 0.0)
    new = long_run_variance(weights @ np.array([each.psi for each in sides.current]), 1, sides.phi_current, 0.0)
    spread = own.variance * float(np.sum(weights**2)) + _median_price(weights, alone + own.variance)
    error, freedom = _combined([old, new, Spread(noise.run, noise.run_freedom), Spread(spread, own.freedom)])
    t = shift / error
    return SharedShift(shift, error, freedom, t_tail(t, freedom), t_tail(-t, freedom))
