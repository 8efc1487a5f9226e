"""One quantile of one endpoint, judged: the raw test, the row that is shown and what would have helped."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from perf_core.compare.comparison import QuantileShift, RunWideShift
from perf_core.compare.policy import ComparisonPolicy
from perf_core.model.endpoint import EndpointKey
from perf_core.stats.distributions import t_quantile
from perf_core.stats.holm import holm
from perf_core.stats.shift_test import EndpointShift, SharedShift, View

HIGHEST = 700.0
"""Logarithm above which exp() overflows."""
LONGEST = 20.0
"""A run so many times longer is no advice."""
REPEAT = "repeat it: if the change is real, it comes again"
_WHY = "what differs between runs, not the length of this one, hides it"
MORE_BASELINES = f"add two more baseline runs: {_WHY}"
QUIETER = "use a quieter machine, or run much longer: what happens inside the runs hides it"


@dataclass(frozen=True, slots=True)
class Tested:
    """One test before its correction; values in seconds."""

    key: EndpointKey
    stage: str
    quantile: float
    shift: EndpointShift
    before: float
    after: float
    steps: float = 0.0
    """Distance between neighbouring values when the recording is coarse, in seconds; 0 when it is not."""


@dataclass(frozen=True, slots=True)
class SharedTested:
    """The run-wide test of one quantile in one stage, before its correction."""

    stage: str
    quantile: float
    shift: SharedShift


@dataclass(frozen=True, slots=True)
class JudgedQuantile:
    """One quantile of one endpoint: the raw test and the row that is shown."""

    raw: EndpointShift
    shown: QuantileShift
    improved: bool


def judged_row(test: Tested, slower: float, faster: float, tests: int, policy: ComparisonPolicy) -> JudgedQuantile:
    """Return the row of one test with its corrected p-values, of `tests` in all."""
    shift = test.shift
    view = shift.clearest if policy.block_seconds else View(shift.shift, shift.error, shift.freedom)
    ratio = math.exp(view.shift)
    half = t_quantile(0.975, view.freedom) * view.error
    relevant = abs(test.after - test.after / ratio) >= max(policy.floor_seconds, test.steps)
    worse = slower < policy.endpoint_alpha and ratio - 1 >= policy.floor_ratio and relevant
    sure = shift.faster_total < policy.alpha
    enough = faster < policy.endpoint_alpha * policy.improved_share
    better = enough and 1 - ratio >= policy.floor_ratio and relevant and sure
    low, high = math.exp(view.shift - half), math.exp(min(view.shift + half, HIGHEST))
    detectable = math.expm1(min(shift.detectable(policy.endpoint_alpha / tests), HIGHEST))
    p_value = slower if ratio >= 1 else faster
    flagged = worse or better
    shown = QuantileShift(
        test.quantile, test.before, test.after, ratio, low, high, p_value, flagged, detectable, test.stage
    )
    return JudgedQuantile(shift, shown, better)


def run_wide_rows(shared: list[SharedTested], policy: ComparisonPolicy) -> tuple[RunWideShift, ...]:
    """Return the rows of the run-wide tests, corrected for each other."""
    slower = holm([each.shift.slower for each in shared])
    faster = holm([each.shift.faster for each in shared])
    rows = []
    for test, up, down in zip(shared, slower, faster, strict=True):
        ratio = math.exp(test.shift.shift)
        p_value = up if ratio >= 1 else down
        half = t_quantile(0.975, test.shift.freedom) * test.shift.error
        alpha = policy.run_wide_alpha * (1.0 if ratio >= 1 else policy.improved_share)
        flagged = p_value < alpha and abs(ratio - 1) >= policy.run_floor_ratio
        bounds = (ratio * math.exp(-half), ratio * math.exp(min(half, HIGHEST)))
        rows.append(RunWideShift(test.quantile, ratio, *bounds, p_value, flagged, test.stage))
    return tuple(rows)


def too_wide(rows: tuple[JudgedQuantile, ...], policy: ComparisonPolicy) -> list[JudgedQuantile]:
    """Return the rows that keep an endpoint from UNCHANGED: a large slowdown is not excluded."""
    limits = margins(policy)
    return [row for row in rows if row.shown.quantile in limits and row.raw.bound(0.95) >= limits[row.shown.quantile]]


def margins(policy: ComparisonPolicy) -> dict[float, float]:
    """Return the largest logarithmic shift that UNCHANGED may hide, per quantile."""
    return {0.5: math.log1p(policy.margin_p50), 0.95: math.log1p(policy.margin_p95)}


def times_longer(rows: Sequence[JudgedQuantile], policy: ComparisonPolicy) -> float:
    """Return how many times as long both runs must be for these rows to exclude a large slowdown; inf if none is."""
    return max((_times_longer(row, policy) for row in rows), default=math.inf)


def remedy(rows: Sequence[JudgedQuantile], runs: tuple[int, int], policy: ComparisonPolicy) -> str:
    """Return what would have answered the question of the hardest row: a longer run, more runs, or a repetition.

    `runs` are the numbers of runs of the baseline and of the current side.
    """
    times = times_longer(rows, policy)
    if times <= LONGEST:
        return longer(times)
    room, row = min((_room(row, policy) / row.raw.error**2, at) for at, row in enumerate(rows))
    if room <= 0:
        return REPEAT
    if policy.block_seconds or rows[row].raw.inside > rows[row].raw.error ** 2 / 2:
        return QUIETER
    baselines, repeats = runs
    left = (1 / (baselines + 2) + 1 / repeats) / (1 / baselines + 1 / repeats)
    if room >= left:
        return MORE_BASELINES
    return f"add two more baseline runs and repeat this one (--repeat {max(3, repeats + 2)}): {_WHY}"


def longer(times: float) -> str:
    """Return the advice to run so many times longer."""
    return f"run {max(2, math.ceil(times))} times longer"


def _times_longer(row: JudgedQuantile, policy: ComparisonPolicy) -> float:
    left = _room(row, policy) - (row.raw.error**2 - row.raw.inside)
    return row.raw.inside / left if left > 0 else math.inf


def _room(row: JudgedQuantile, policy: ComparisonPolicy) -> float:
    """Return the variance with which a large slowdown would be excluded two times of three; 0 when none would do.

    Of the shift that was seen, what the windows explain is expected to go as they become more.
    """
    between = 1 - row.raw.inside / row.raw.error**2
    stays = max(row.raw.shift, 0.0) * between
    errors = t_quantile(0.95, row.raw.trust) + t_quantile(2 / 3, row.raw.freedom)
    room = (margins(policy)[row.shown.quantile] - stays) / errors
    return max(room, 0.0) ** 2
