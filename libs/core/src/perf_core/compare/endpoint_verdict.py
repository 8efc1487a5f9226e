"""The judgement of one endpoint from its tests."""

import math

from perf_core.compare.comparison import EndpointComparison, EndpointFigures, KsPanel
from perf_core.compare.evidence import Evidence, Pair, figures
from perf_core.compare.findings import Findings, JudgedQuantile
from perf_core.compare.policy import ComparisonPolicy
from perf_core.compare.words import failure_sentence, shift_sentence
from perf_core.model.verdict import Reason, Verdict
from perf_core.stats.ks import ks_p_value, ks_test, superiority

Outcome = tuple[Verdict | None, tuple[Reason, ...], str]


def judge_endpoint(
    pair: Pair, evidence: Evidence, findings: Findings, policy: ComparisonPolicy
) -> EndpointComparison:
    """Return one endpoint judged; one that is new has no verdict, one that is gone is a regression."""
    old, new = figures(pair.baseline, evidence.baseline_grid), figures(pair.current, evidence.current_grid)
    rows = findings.quantiles.get(pair.key, ())
    if old is None or new is None:
        verdict, reasons, text = _one_sided(pair, old, policy)
    else:
        verdict, reasons, text = _two_sided(pair, (old, new), findings, policy)
    panel, a12 = _panel(pair)
    notes = _notes(old, new)
    shown = tuple(row.shown for row in rows)
    return EndpointComparison(pair.key, verdict, reasons, text, old, new, shown, panel, a12, notes)


def _one_sided(pair: Pair, old: EndpointFigures | None, policy: ComparisonPolicy) -> Outcome:
    if old is None:
        return None, (), f"{pair.key} is new: the baseline has no request to it"
    if policy.missing_allowed:
        return None, (Reason.MISSING,), f"{pair.key} was not called any more, which the settings allow"
    return (
        Verdict.REGRESSED,
        (Reason.MISSING,),
        f"{pair.key} is missing: the baseline has {old.requests} requests, this run none",
    )


def _two_sided(
    pair: Pair, sides: tuple[EndpointFigures, EndpointFigures], findings: Findings, policy: ComparisonPolicy
) -> Outcome:
    rows = findings.quantiles.get(pair.key, ())
    worse = [row for row in rows if row.shown.flagged and not row.improved]
    better = [row for row in rows if row.improved]
    failing = findings.error_rates.get(pair.key)
    if worse or failing is not None:
        sentences = [shift_sentence(pair.key, _strongest(worse).shown, findings.tests)] if worse else []
        reasons = [Reason.LATENCY] if worse else []
        if failing is not None:
            sentences.append(failure_sentence(pair.key, *sides, failing))
            reasons.append(Reason.ERROR_RATE)
        return Verdict.REGRESSED, tuple(reasons), "; ".join(sentences)
    if better:
        return Verdict.IMPROVED, (Reason.LATENCY,), shift_sentence(pair.key, _strongest(better).shown, findings.tests)
    if not rows:
        fewest = min(side.requests - side.failures for side in sides)
        text = f"{pair.key} has too few answered requests or windows to judge ({fewest}); run longer"
        return Verdict.INCONCLUSIVE, (Reason.TOO_FEW_REQUESTS,), text
    return _quiet(pair, rows, policy)


def _quiet(pair: Pair, rows: tuple[JudgedQuantile, ...], policy: ComparisonPolicy) -> Outcome:
    margins = {0.5: policy.margin_p50, 0.95: policy.margin_p95}
    first = rows[0].shown
    wide = [
        row for row in rows if row.shown.quantile in margins
        and row.raw.bound(0.95) >= math.log1p(margins[row.shown.quantile])
    ]  # fmt: skip
    moved = f"{pair.key} p{first.quantile * 100:g} {(first.ratio - 1) * 100:+.1f} %"
    if not wide:
        return Verdict.UNCHANGED, (), f"{moved}: no change that can be told from noise, and a large one is excluded"
    seen = first.detectable * 100
    text = f"{moved}: noise hides the answer; a change of {seen:.0f} % would have been seen; run longer or repeat"
    return Verdict.INCONCLUSIVE, (Reason.NOISE,), text


def _strongest(rows: list[JudgedQuantile]) -> JudgedQuantile:
    return min(rows, key=lambda row: (row.shown.p_value, -abs(row.raw.shift)))


def _panel(pair: Pair) -> tuple[KsPanel | None, float | None]:
    if not pair.baseline or not pair.current:
        return None, None
    old, new = pair.baseline.histogram, pair.current.histogram
    if not old.total or not new.total:
        return None, None
    result = ks_test(old, new)
    p_value = ks_p_value(result.distance, old.total, new.total)
    shares = (result.baseline_done, result.current_done)
    panel = KsPanel(result.distance, result.bound, result.at, *shares, p_value, None, None, shape_changed=False)
    return panel, superiority(old, new)


def _notes(old: EndpointFigures | None, new: EndpointFigures | None) -> tuple[str, ...]:
    if old and new and abs(old.failure_share - new.failure_share) >= 0.05:
        return (
            "The share of failed requests changed, and latencies are of answered requests only: compare with care.",
        )
    return ()
