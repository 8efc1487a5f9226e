"""The judgement of one endpoint from its tests."""

import math

from perf_core.compare.comparison import EndpointComparison, EndpointFigures
from perf_core.compare.endpoint_notes import SURVIVORS, endpoint_notes
from perf_core.compare.evidence import Evidence, Pair, figures
from perf_core.compare.findings import ErrorRise, Findings
from perf_core.compare.ks_panels import EndpointKs
from perf_core.compare.policy import QUANTILES, ComparisonPolicy
from perf_core.compare.quantile_rows import REPEAT, JudgedQuantile, remedy, too_wide
from perf_core.compare.words import at_worst, failure_sentence, in_stage, shift_sentence, unseen
from perf_core.model.verdict import Reason, Verdict
from perf_core.stats.absence import absence
from perf_core.units import format_share

Outcome = tuple[Verdict | None, tuple[Reason, ...], str]


def judge_endpoint(
    pair: Pair, evidence: Evidence, findings: Findings, ks: EndpointKs | None, policy: ComparisonPolicy
) -> EndpointComparison:
    """Return one endpoint judged; one that is new has no verdict, one that is gone is a regression."""
    old, new = figures(pair.baseline, evidence.baseline_seconds), figures(pair.current, evidence.current_seconds)
    rows = findings.quantiles.get(pair.key, ())
    if old is None or new is None:
        verdict, reasons, text = _one_sided(pair, old, evidence, policy)
    else:
        verdict, reasons, text = _two_sided(pair, (old, new), findings, policy)
    panels = ks.stages if ks else ()
    return EndpointComparison(
        pair.key,
        verdict,
        reasons,
        text,
        old,
        new,
        tuple(row.shown for row in rows),
        ks.shown if ks else None,
        ks.superiority if ks else None,
        endpoint_notes(pair, findings.failures.get(pair.key, ()), panels),
        panels if len(panels) > 1 else (),
    )


def _one_sided(pair: Pair, old: EndpointFigures | None, evidence: Evidence, policy: ComparisonPolicy) -> Outcome:
    if old is None or pair.baseline is None:
        return None, (), f"{pair.key} is new: the baseline has no request to it"
    if policy.missing_allowed:
        return None, (Reason.MISSING,), f"{pair.key} was not called any more, which the settings allow"
    gone = f"the baseline has {old.requests} requests, this run none"
    alpha = policy.endpoint_alpha / sum(each.baseline is not None for each in evidence.pairs)
    missed = absence(pair.baseline.requests, evidence.baseline_seconds, evidence.current_seconds)
    if missed.chance < alpha:
        return Verdict.REGRESSED, (Reason.MISSING,), f"{pair.key} is missing: {gone}"
    times = max(2, math.ceil(missed.times_longer(alpha)))
    few = "which is so few that it can be chance" if missed.events > old.requests / 2 else "which came in few bursts"
    text = f"{pair.key} was not called: {gone}, {few}; run {times} times longer"
    return Verdict.INCONCLUSIVE, (Reason.TOO_FEW_REQUESTS,), text


def _two_sided(
    pair: Pair, sides: tuple[EndpointFigures, EndpointFigures], findings: Findings, policy: ComparisonPolicy
) -> Outcome:
    rows = findings.quantiles.get(pair.key, ())
    worse = [row for row in rows if row.shown.flagged and not row.improved]
    better = [row for row in rows if row.improved]
    failing = findings.error_rates.get(pair.key)
    if worse or failing is not None:
        sentences = [shift_sentence(pair.key, _strongest(worse).shown, len(findings.quantiles))] if worse else []
        reasons = [Reason.LATENCY] if worse else []
        if failing is not None:
            sentences.append(
                failure_sentence(pair.key, failing.before, failing.after, failing.p_value, failing.stage)
            )
            reasons.append(Reason.ERROR_RATE)
        return Verdict.REGRESSED, tuple(reasons), "; ".join(sentences)
    if not rows:
        return Verdict.INCONCLUSIVE, (Reason.TOO_FEW_REQUESTS,), _too_few(pair, sides, policy)
    risen = max(findings.failures.get(pair.key, ()), key=lambda rise: rise.points, default=None)
    if risen and risen.points >= SURVIVORS:
        return Verdict.INCONCLUSIVE, (Reason.NOISE,), _few_survivors(pair, risen, rows)
    if better:
        text = shift_sentence(pair.key, _strongest(better).shown, len(findings.quantiles))
        return Verdict.IMPROVED, (Reason.LATENCY,), text
    return _quiet(pair, rows, findings, policy)


def _few_survivors(pair: Pair, risen: ErrorRise, rows: tuple[JudgedQuantile, ...]) -> str:
    old, new = format_share(risen.before), format_share(risen.after)
    return (
        f"{pair.key} fails more often{in_stage(risen.stage)}: {old} -> {new}, so much at once that it can be one "
        f"event, and latencies are of the other requests only; {unseen(rows[0].shown.detectable)}; {REPEAT}"
    )


def _too_few(pair: Pair, sides: tuple[EndpointFigures, EndpointFigures], policy: ComparisonPolicy) -> str:
    fewest, windows = _fewest(pair, sides)
    if not fewest:
        return f"{pair.key} has no latency to judge: no request was answered on one side or both"
    needed = 2 * policy.min_tail
    times = max(needed / max(fewest, 1), policy.min_windows / max(windows, 1))
    return (
        f"{pair.key} has {fewest} answered requests in {windows} windows; a verdict needs {needed} in "
        f"{policy.min_windows}: run {max(2, math.ceil(times))} times longer"
    )


def _fewest(pair: Pair, sides: tuple[EndpointFigures, EndpointFigures]) -> tuple[int, int]:
    windows = min(side.count for side in (pair.baseline, pair.current) if side)
    return min(side.requests - side.failures for side in sides), windows


def _quiet(pair: Pair, rows: tuple[JudgedQuantile, ...], findings: Findings, policy: ComparisonPolicy) -> Outcome:
    first, wide = rows[0].shown, too_wide(rows, policy)
    moved = f"{pair.key} p{first.quantile * 100:g} {(first.ratio - 1) * 100:+.1f} %{in_stage(first.stage)}"
    if not wide:
        text = f"{moved}: no change that can be told from noise, and a large one is excluded{_not_judged(rows)}"
        return Verdict.UNCHANGED, (), text
    worst = max(wide, key=lambda row: row.shown.high).shown
    help_ = remedy(wide, findings.runs, policy)
    answer = f"noise hides the answer, {at_worst(worst)}, {unseen(first.detectable)}; {help_}"
    return Verdict.INCONCLUSIVE, (Reason.NOISE,), f"{moved}: {answer}"


def _not_judged(rows: tuple[JudgedQuantile, ...]) -> str:
    """Return ``; too few requests to judge p99``, of the quantiles that nothing is known of."""
    judged = {row.shown.quantile for row in rows}
    names = [f"p{q * 100:g}" for q in QUANTILES if q not in judged]
    return f"; too few requests to judge {' and '.join(names)}" if names else ""


def _strongest(rows: list[JudgedQuantile]) -> JudgedQuantile:
    return min(rows, key=lambda row: (row.shown.p_value, -abs(row.raw.shift)))
