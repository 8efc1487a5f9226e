"""All tests of one comparison, corrected together: quantile shifts, run-wide shift, error rates and throughput."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from perf_core.compare.comparison import RunWideShift, ThroughputShift
from perf_core.compare.evidence import Evidence, Pair, Stage, Windows
from perf_core.compare.policy import QUANTILES, ComparisonPolicy
from perf_core.compare.quantile_rows import JudgedQuantile, SharedTested, Tested, judged_row, run_wide_rows
from perf_core.model.endpoint import EndpointKey
from perf_core.stats.failure_test import failure_rise_p_value
from perf_core.stats.holm import holm
from perf_core.stats.lattice import step_at
from perf_core.stats.noise import Influence, influence
from perf_core.stats.own_noise import OwnNoise
from perf_core.stats.paired_test import pair_influences
from perf_core.stats.run_noise import NoiseModel, NoisePrior, joined, learn_noise
from perf_core.stats.shift_test import shift_test
from perf_core.stats.throughput_test import ThroughputTest, throughput_test

REFERENCE_SECONDS = 300.0
FAILURE_FLOOR = 0.001
FAILURE_RATIO = 1.5


@dataclass(frozen=True, slots=True)
class ErrorRise:
    """A test of "more requests fail" in one stage: the shares of failed requests, and the p-value."""

    stage: str
    before: float
    after: float
    p_value: float

    @property
    def matters(self) -> bool:
        """Whether the error rate rose so much that it matters."""
        return self.after >= self.before + FAILURE_FLOOR and self.after >= self.before * FAILURE_RATIO

    @property
    def points(self) -> float:
        """By how much the share of failed requests rose, in [-1, 1]."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Findings:
    """Results per endpoint; `error_rates` holds the surest rise past the floors.

    `failures` are the tests of every stage, not corrected; `runs` are the numbers of runs of the baseline and of the
    current side.
    """

    quantiles: dict[EndpointKey, tuple[JudgedQuantile, ...]]
    error_rates: dict[EndpointKey, ErrorRise]
    run_wide: tuple[RunWideShift, ...]
    throughput: ThroughputShift | None
    failures: dict[EndpointKey, tuple[ErrorRise, ...]] = field(default_factory=dict)
    runs: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class _Own:
    """What endpoints have for themselves at one quantile, and where each of them stands in it."""

    places: dict[EndpointKey, int]
    noise: OwnNoise

    def of(self, pairs: Sequence[Pair]) -> OwnNoise:
        """Return it for these endpoints; those that have enough requests for a tail have enough for the median."""
        return replace(self.noise, beside=tuple(self.noise.beside[self.places[pair.key]] for pair in pairs))


def run_tests(evidence: Evidence, policy: ComparisonPolicy) -> Findings:
    """Return the corrected results over all endpoints that both sides called."""
    tests: list[Tested] = []
    shared: list[SharedTested] = []
    for stage in evidence.stages:
        own: _Own | None = None
        for q in QUANTILES:
            own = _test_quantile(stage, q, policy, (tests, shared), own) or own
    rises = [
        (pair.key, rise)
        for stage in evidence.stages
        for pair in stage.pairs
        if (rise := _error_rise(stage.name, pair)) is not None
    ]
    rates = [(stage.name, rate) for stage in evidence.stages if (rate := _throughput(stage, policy))]
    slower = holm(
        [each.shift.slower for each in tests] + [rise.p_value for _, rise in rises] + [rate.less for _, rate in rates]
    )
    faster = holm([each.shift.faster for each in tests])
    quantiles: dict[EndpointKey, list[JudgedQuantile]] = {}
    for test, up, down in zip(tests, slower, faster, strict=False):
        quantiles.setdefault(test.key, []).append(judged_row(test, up, down, len(slower), policy))
    return Findings(
        {key: tuple(rows) for key, rows in quantiles.items()},
        _risen(rises, slower[len(tests) : len(tests) + len(rises)], policy),
        run_wide_rows(shared, policy),
        surest_drop(rates, slower[len(tests) + len(rises) :], policy),
        {pair.key: tuple(rise for key, rise in rises if key == pair.key) for pair in evidence.pairs},
        _run_counts(evidence),
    )


def _run_counts(evidence: Evidence) -> tuple[int, int]:
    lengths = [(len(stage.baseline_lengths), len(stage.current_lengths)) for stage in evidence.stages]
    return max(lengths, default=(1, 1))


def enough(windows: Windows, q: float, policy: ComparisonPolicy) -> bool:
    """Return whether a run has enough windows, and enough requests above quantile q, for it to decide."""
    if windows is None or windows.count < policy.min_windows:
        return False
    return round(windows.histogram.total * (1 - q), 6) >= policy.min_tail


def _test_quantile(
    stage: Stage,
    q: float,
    policy: ComparisonPolicy,
    results: tuple[list[Tested], list[SharedTested]],
    least: _Own | None,
) -> _Own | None:
    """Add the tests of one quantile to the results; return what each endpoint has for itself, at least `least`.

    What scatters the medians of endpoints scatters their tails too, where it is harder to see.
    """
    tests, shared = results
    tested = [pair for pair in stage.pairs if _both_enough(pair, q, policy)]
    if not tested:
        return None
    sides = [[_influences(runs, q, policy) for runs in _runs(tested, current=at)] for at in (False, True)]
    lengths = (stage.baseline_lengths, stage.current_lengths)
    old, new = ([_joined(runs, length) for runs in side] for side, length in zip(sides, lengths, strict=True))
    if policy.block_seconds:
        old, new = pair_influences(old, new, max(1, round(policy.block_seconds / stage.width)))
    noise = _noise(sides, stage.seconds, policy)
    result = shift_test(old, new, noise, least.of(tested) if least else None)
    for pair, before, after, shift in zip(tested, old, new, result.endpoints, strict=True):
        values = ((pair.baseline, before.value), (pair.current, after.value))
        step = max(step_at(side.histogram, value) for side, value in values if side)
        tests.append(Tested(pair.key, stage.name, q, shift, before.value, after.value, step))
    if result.shared:
        shared.append(SharedTested(stage.name, q, result.shared))
    return _Own({pair.key: at for at, pair in enumerate(tested)}, result.own) if result.own else None


def _runs(pairs: Sequence[Pair], *, current: bool) -> list[tuple[Windows, ...]]:
    return [pair.current_runs if current else pair.baseline_runs for pair in pairs]


def _influences(runs: Sequence[Windows], q: float, policy: ComparisonPolicy) -> list[Influence | None]:
    return [influence(each, q) if each and enough(each, q, policy) else None for each in runs]


def _joined(runs: Sequence[Influence | None], lengths: Sequence[int]) -> Influence:
    together = joined(runs, lengths)
    if together is None:
        raise ValueError("an endpoint without a usable run was tested")
    return together


def _noise(
    sides: Sequence[Sequence[Sequence[Influence | None]]], seconds: float, policy: ComparisonPolicy
) -> NoiseModel:
    """Return the noise between runs; a short run averages less of the machine's slow moods, so it is given more."""
    factor = _shortness(seconds)
    everywhere = [at for at in range(len(sides[0])) if all(run is not None for side in sides for run in side[at])]
    by_run = [
        [[run for at in everywhere if (run := side[at][number]) is not None] for number in range(len(side[0]))]
        for side in sides
    ]
    return learn_noise(by_run, NoisePrior(policy.sigma_run**2 * factor, policy.sigma_endpoint**2 * factor))


def _shortness(seconds: float) -> float:
    return math.sqrt(max(1.0, REFERENCE_SECONDS / max(seconds, 1.0)))


def _both_enough(pair: Pair, q: float, policy: ComparisonPolicy) -> bool:
    return all(any(enough(run, q, policy) for run in runs) for runs in (pair.baseline_runs, pair.current_runs))


def _error_rise(stage: str, pair: Pair) -> ErrorRise | None:
    """Return the test of a risen error rate; None when nothing failed on either side."""
    if not pair.baseline or not pair.current or not (pair.current.failures.any() or pair.baseline.failures.any()):
        return None
    before, after = (float(side.failures.sum() / side.requests.sum()) for side in (pair.baseline, pair.current))
    return ErrorRise(stage, before, after, failure_rise_p_value(pair.baseline, pair.current))


def _risen(
    rises: Sequence[tuple[EndpointKey, ErrorRise]], corrected: Sequence[float], policy: ComparisonPolicy
) -> dict[EndpointKey, ErrorRise]:
    """Return the rises past the floors; of an endpoint in several stages the surest."""
    found: dict[EndpointKey, ErrorRise] = {}
    for (key, rise), p_value in sorted(zip(rises, corrected, strict=True), key=lambda each: -each[1]):
        if p_value < policy.endpoint_alpha and rise.matters:
            found[key] = replace(rise, p_value=p_value)
    return found


def _throughput(stage: Stage, policy: ComparisonPolicy) -> ThroughputTest | None:
    """Return the test over all endpoints together that both sides called in a stage; None where it says nothing."""
    common = [(pair.baseline, pair.current) for pair in stage.pairs if pair.baseline and pair.current]
    if policy.block_seconds or not common:
        return None
    old, new = (np.sum([each.answered for each in side], axis=0) for side in zip(*common, strict=True))
    if min(len(old), len(new)) < policy.min_windows:
        return None
    before, after = (float(stage.width * sum(each)) for each in (stage.baseline_lengths, stage.current_lengths))
    return throughput_test(old, new, (before, after), policy.sigma_run**2 * _shortness(stage.seconds))


def surest_drop(
    rates: Sequence[tuple[str, ThroughputTest]], corrected: Sequence[float], policy: ComparisonPolicy
) -> ThroughputShift | None:
    """Return the throughput of the stage that is surest to have fallen as far as matters; None without a test."""
    if not rates:
        return None
    drops = [
        ThroughputShift(
            test.baseline,
            test.current,
            test.ratio,
            test.low,
            test.high,
            p_value,
            p_value < policy.endpoint_alpha and 1 - test.ratio >= policy.run_floor_ratio,
            stage,
        )
        for (stage, test), p_value in zip(rates, corrected, strict=True)
    ]
    return min(drops, key=lambda drop: (not drop.flagged, drop.p_value))
