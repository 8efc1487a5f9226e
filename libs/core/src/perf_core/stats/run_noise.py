"""Noise between runs of the same build: assumed when there is one run a side, learnt when a side is a set of runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import FloatArray
from perf_core.stats.noise import Influence, long_run_variance, pooled_phi
from perf_core.stats.robust_scale import excess_between

PRIOR_RUNS = 4.0
"""The prior counts like so many degrees of freedom in what is learnt,"""
PRIOR_TRUST = 2.0
"""and like so many in how well it is then known: what had to be learnt was not as the prior says."""
SETTLED = 60.0
"""Degrees of freedom of a prior that nothing was seen against."""
_ENDPOINT_WORTH = 0.37
"""A median over endpoints knows as much as a mean over this share of them."""


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """Run-to-run noise of the logarithm of a quantile: variances of the difference of two sides.

    Attributes:
        run: of what all endpoints share.
        run_freedom: how well it is known, for a test.
        run_trust: how well, where a slowdown is to be excluded: as much as what was learnt weighs.
        endpoint: of what each endpoint has for itself; lower bound, raised from the endpoints' spread.
        endpoint_freedom: how well it is known.
    """

    run: float
    run_freedom: float
    endpoint: float
    endpoint_freedom: float = SETTLED
    run_trust: float = SETTLED


@dataclass(frozen=True, slots=True)
class NoisePrior:
    """What is assumed about one run, as variances of the logarithm: of what endpoints share, and of each alone."""

    run: float
    endpoint: float


@dataclass(frozen=True, slots=True)
class _Seen:
    run: float
    endpoint: float
    freedom: int


def joined(runs: Sequence[Influence | None], lengths: Sequence[int]) -> Influence | None:
    """Return the mean of a quantile's logarithm over the runs of a set; None when no run knows it.

    `lengths` are the window counts of the runs; a run without the endpoint counts as empty windows.
    """
    known = [run for run in runs if run is not None]
    if not known:
        return None
    share = 1 / len(known)
    parts = [np.zeros(length) if run is None else run.psi * share for run, length in zip(runs, lengths, strict=True)]
    return Influence(
        float(np.exp(np.mean([np.log(run.value) for run in known]))),
        np.concatenate(parts),
        max(run.merge for run in known),
        sum(run.floor for run in known) * share**2,
    )


def learn_noise(sides: Sequence[Sequence[Sequence[Influence]]], prior: NoisePrior) -> NoiseModel:
    """Return the noise of the difference of two sides, each a sequence of runs with the same endpoints in order.

    The variance between the runs of a set is weighed against the prior by degrees of freedom. Only the median over
    endpoints is taken for what each has for itself, so one unsteady endpoint does not blind all others.
    """
    share = sum(1 / max(len(side), 1) for side in sides)
    seen = [_between(side) for side in sides if len(side) > 1 and side[0]]
    freedom = sum(each.freedom for each in seen)
    if not freedom:
        return NoiseModel(share * prior.run, SETTLED, share * prior.endpoint)
    run = sum(each.run * each.freedom for each in seen)
    run = (PRIOR_RUNS * prior.run + run) / (PRIOR_RUNS + freedom)
    worth = _ENDPOINT_WORTH * max(len(sides[0][0]) - 1, 0)
    endpoint = sum(each.endpoint * each.freedom * worth for each in seen)
    endpoint = (PRIOR_RUNS * prior.endpoint + endpoint) / (PRIOR_RUNS + freedom * worth)
    return NoiseModel(
        share * run,
        PRIOR_TRUST + freedom,
        share * endpoint,
        PRIOR_TRUST + freedom * worth,
        PRIOR_RUNS + freedom,
    )


def _between(runs: Sequence[Sequence[Influence]]) -> _Seen:
    """Return the variances between the runs of one set, without the part that windows inside the runs explain."""
    logs = np.log([[each.value for each in run] for run in runs])
    power = np.array([[float(np.dot(each.psi, each.psi)) + each.floor for each in run] for run in runs])
    weights = 1 / np.maximum(power.mean(axis=0), 1e-12)
    weights /= weights.sum()
    levels = logs @ weights
    shared = float(np.var(levels, ddof=1)) - float(np.mean([_within(run, weights) for run in runs]))
    endpoint, freedom = 0.0, len(runs) - 1
    if logs.shape[1] > 1:
        inside = np.mean([_alone(run, weights) for run in runs], axis=0)
        endpoint = excess_between(np.var(logs - levels[:, None], axis=0, ddof=1), inside, freedom)
    return _Seen(max(0.0, shared), endpoint, freedom)


def _alone(run: Sequence[Influence], weights: FloatArray) -> FloatArray:
    """Return the variance of each endpoint beside the level that all share in a run."""
    psi = np.array([each.psi for each in run])
    rest, merges = psi - weights @ psi, [each.merge for each in run]
    pooled = pooled_phi(list(rest), merges)
    parts = zip(rest, run, strict=True)
    return np.array([long_run_variance(own, each.merge, pooled, each.floor).variance for own, each in parts])


def _within(run: Sequence[Influence], weights: FloatArray) -> float:
    pooled = pooled_phi([each.psi for each in run], [each.merge for each in run])
    return long_run_variance(weights @ np.array([each.psi for each in run]), 1, pooled, 0.0).variance
