"""All tests of one comparison, corrected together: quantile shifts, the run-wide shift and error rates."""

import math
from dataclasses import dataclass

from perf_core.compare.comparison import QuantileShift, RunWideShift
from perf_core.compare.evidence import Pair
from perf_core.compare.policy import QUANTILES, ComparisonPolicy
from perf_core.model.endpoint import EndpointKey
from perf_core.stats.distributions import t_quantile
from perf_core.stats.failure_test import failure_rise_p_value
from perf_core.stats.holm import holm
from perf_core.stats.noise import influence
from perf_core.stats.paired_test import pair_influences
from perf_core.stats.shift_test import EndpointShift, NoiseModel, SharedShift, View, shift_test

REFERENCE_SECONDS = 300.0
FAILURE_FLOOR = 0.001
FAILURE_RATIO = 1.5


@dataclass(frozen=True, slots=True)
class JudgedQuantile:
    """One quantile of one endpoint: the raw test and the row that is shown."""

    raw: EndpointShift
    shown: QuantileShift
    improved: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """Results per endpoint; `error_rates` holds the corrected p-values of rises past the floors."""

    quantiles: dict[EndpointKey, tuple[JudgedQuantile, ...]]
    error_rates: dict[EndpointKey, float]
    run_wide: tuple[RunWideShift, ...]
    tests: int


def run_tests(pairs: list[Pair], seconds: float, policy: ComparisonPolicy) -> Findings:
    """Return the corrected results over all endpoints both runs called; `seconds` is the shorter run's length."""
    noise = _noise(seconds, policy)
    raw: dict[tuple[EndpointKey, float], tuple[EndpointShift, float, float]] = {}
    shared: list[tuple[float, SharedShift]] = []
    for q in QUANTILES:
        tested = [pair for pair in pairs if _enough(pair, q, policy)]
        old = [influence(pair.baseline, q) for pair in tested if pair.baseline]
        new = [influence(pair.current, q) for pair in tested if pair.current]
        if policy.block_seconds and tested:
            old, new = pair_influences(old, new, _windows_per_block(tested[0], seconds, policy))
        result = shift_test(old, new, noise)
        for pair, before, after, shift in zip(tested, old, new, result.endpoints, strict=True):
            raw[pair.key, q] = (shift, before.value, after.value)
        if result.shared:
            shared.append((q, result.shared))
    rises = {
        pair.key: failure_rise_p_value(pair.baseline, pair.current)
        for pair in pairs
        if pair.baseline and pair.current and _may_rise(pair)
    }
    slower = holm([shift.slower for shift, _, _ in raw.values()] + list(rises.values()))
    faster = holm([shift.faster for shift, _, _ in raw.values()])
    quantiles: dict[EndpointKey, list[JudgedQuantile]] = {}
    for ((key, q), (shift, *values)), up, down in zip(raw.items(), slower, faster, strict=False):
        row = _row(q, shift, (values[0], values[1]), (up, down), len(slower), policy)
        quantiles.setdefault(key, []).append(row)
    corrected = dict(zip(rises, slower[len(raw) :], strict=True))
    return Findings(
        {key: tuple(rows) for key, rows in quantiles.items()},
        {key: p for key, p in corrected.items() if p < policy.endpoint_alpha},
        _run_wide(shared, policy),
        max(len(slower), 1),
    )


def _noise(seconds: float, policy: ComparisonPolicy) -> NoiseModel:
    """Return the assumed noise; a short run averages less of the machine's slow moods, so it is given more."""
    factor = math.sqrt(max(1.0, REFERENCE_SECONDS / max(seconds, 1.0)))
    return NoiseModel(2 * policy.sigma_run**2 * factor, 60.0, 2 * policy.sigma_endpoint**2 * factor)


def _windows_per_block(pair: Pair, seconds: float, policy: ComparisonPolicy) -> int:
    windows = pair.current.count if pair.current else 1
    return max(1, round(policy.block_seconds * windows / seconds))


def _enough(pair: Pair, q: float, policy: ComparisonPolicy) -> bool:
    return all(
        side is not None
        and side.count >= policy.min_windows
        and round(side.histogram.total * (1 - q), 6) >= policy.min_tail
        for side in (pair.baseline, pair.current)
    )


def _may_rise(pair: Pair) -> bool:
    if not pair.baseline or not pair.current or not pair.current.failures.sum():
        return False
    old, new = (float(side.failures.sum() / side.requests.sum()) for side in (pair.baseline, pair.current))
    return new >= old + FAILURE_FLOOR and new >= old * FAILURE_RATIO


def _row(  # noqa: PLR0917 - private, called once, a value for six fields would be noise
    q: float,
    shift: EndpointShift,
    values: tuple[float, float],
    corrected: tuple[float, float],
    tests: int,
    policy: ComparisonPolicy,
) -> JudgedQuantile:
    before, after = values
    view = shift.clearest if policy.block_seconds else View(shift.shift, shift.error, shift.freedom)
    ratio = math.exp(view.shift)
    half = t_quantile(0.975, view.freedom) * view.error
    relevant = abs(after - after / ratio) >= policy.floor_seconds
    worse = corrected[0] < policy.endpoint_alpha and ratio - 1 >= policy.floor_ratio and relevant
    better = (
        corrected[1] < policy.endpoint_alpha
        and 1 - ratio >= policy.floor_ratio
        and relevant
        and shift.faster_total < policy.alpha
    )
    low, high = math.exp(view.shift - half), math.exp(min(view.shift + half, 700.0))
    detectable = math.expm1(min(shift.detectable(policy.endpoint_alpha / tests), 700.0))
    p_value = corrected[0] if ratio >= 1 else corrected[1]
    shown = QuantileShift(q, before, after, ratio, low, high, p_value, worse or better, detectable)
    return JudgedQuantile(shift, shown, better)


def _run_wide(shared: list[tuple[float, SharedShift]], policy: ComparisonPolicy) -> tuple[RunWideShift, ...]:
    slower, faster = holm([each.slower for _, each in shared]), holm([each.faster for _, each in shared])
    rows = []
    for (q, each), up, down in zip(shared, slower, faster, strict=True):
        ratio = math.exp(each.shift)
        p_value = up if ratio >= 1 else down
        half = t_quantile(0.975, each.freedom) * each.error
        flagged = p_value < policy.run_wide_alpha and abs(ratio - 1) >= policy.run_floor_ratio
        rows.append(RunWideShift(q, ratio, ratio * math.exp(-half), ratio * math.exp(half), p_value, flagged))
    return tuple(rows)
