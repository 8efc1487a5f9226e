"""The comparison of the two sides of an interleaved test: block against block, so that drift cancels."""

from dataclasses import replace

from perf_core.compare.blocks import FEWEST_PAIRS, MARGIN, compressed, kept_length, outside_share
from perf_core.compare.comparison import RunComparison
from perf_core.compare.judgement import compare_runs
from perf_core.compare.policy import ComparisonPolicy
from perf_core.model.schedule import whole_pairs
from perf_core.model.series import Recording
from perf_core.model.verdict import Reason, Verdict

SIGMA_RUN = 0.0
"""Noise between two runs that both sides share: there is none, they ran at the same time."""
SIGMA_ENDPOINT = 0.003
"""Noise of each endpoint that another process of the same version brings; blocks cannot show it."""
OUTSIDE_LIMIT = 0.05


def compare_interleaved(current: Recording, baseline: Recording, policy: ComparisonPolicy) -> RunComparison:
    """Return the judgement of a side against the other one; see `are_interleaved`."""
    pairs = whole_pairs(baseline.info, current.info)
    sides = compressed(current, pairs), compressed(baseline, pairs)
    kept = kept_length(current.info)
    own = replace(
        policy,
        block_seconds=kept,
        min_windows=FEWEST_PAIRS,
        sigma_run=SIGMA_RUN,
        sigma_endpoint=SIGMA_ENDPOINT,
    )
    comparison = compare_runs(*sides, own)
    if pairs < FEWEST_PAIRS:
        return _too_few(comparison, pairs)
    how = (
        f"{pairs} pairs of blocks of {kept + 2 * MARGIN} s in random order, {MARGIN} s at both ends of each left out"
    )
    return replace(
        comparison,
        explanation=f"{comparison.explanation} ({how})",
        warnings=(*comparison.warnings, *_outside(current, "the current side"), *_outside(baseline, "the baseline")),
        current=replace(comparison.current, started=current.info.started),
        baseline=comparison.baseline and replace(comparison.baseline, started=baseline.info.started),
    )


def _too_few(comparison: RunComparison, pairs: int) -> RunComparison:
    text = f"There are {pairs} pairs of blocks, {FEWEST_PAIRS} are needed; run longer, or with shorter blocks"
    endpoints = tuple(
        replace(each, verdict=Verdict.INCONCLUSIVE, reasons=(Reason.TOO_FEW_REQUESTS,), explanation=text)
        for each in comparison.endpoints
    )
    return replace(
        comparison,
        verdict=Verdict.INCONCLUSIVE,
        reasons=(Reason.TOO_FEW_REQUESTS,),
        explanation=text,
        endpoints=endpoints,
        run_wide=(),
        detectable=None,
    )


def _outside(recording: Recording, side: str) -> tuple[str, ...]:
    share = outside_share(recording)
    text = (
        f"{share:.0%} of the requests to {side} began in blocks of the other one: tasks are longer than a block; "
        "use longer blocks"
    )
    return (text,) if share > OUTSIDE_LIMIT else ()
