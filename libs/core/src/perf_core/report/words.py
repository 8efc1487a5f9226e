"""The comparison in words: verdict line, the figure that moved most, the KS test as a sentence."""

import math

from perf_core.compare.comparison import EndpointComparison, KsPanel, QuantileShift, RunComparison
from perf_core.model.verdict import Reason, Validity, Verdict
from perf_core.report.outside import printable, printable_name
from perf_core.units import format_latency, format_ratio_change, format_share

SYMBOLS = {
    Verdict.UNCHANGED: "=",
    Verdict.IMPROVED: "\N{BLACK DOWN-POINTING TRIANGLE}",
    Verdict.REGRESSED: "\N{BLACK UP-POINTING TRIANGLE}",
    Verdict.INCONCLUSIVE: "?",
}
"""A sign beside every verdict, so that colour never carries it alone."""
NOT_COMPARED = "NOT COMPARED"


def verdict_word(verdict: Verdict | None) -> str:
    """Return the verdict's word; a run alone has none."""
    return NOT_COMPARED if verdict is None else verdict.value


def verdict_symbol(verdict: Verdict | None) -> str:
    """Return the sign that stands beside the verdict's word."""
    return "-" if verdict is None else SYMBOLS[verdict]


def quantile_name(quantile: float) -> str:
    """Return ``p95`` for 0.95."""
    return f"p{quantile * 100:g}"


def in_stage(quantile: float, stage: str) -> str:
    """Return ``p95``, and the stage of the run it was measured in when there are several."""
    return quantile_name(quantile) + (f", {printable(stage, 80)}" if stage else "")


def plain_number(value: float | None, digits: int = 3) -> str:
    """Return a number without needless digits; a dash for None and NaN."""
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}g}"


def p_value_text(value: float | None) -> str:
    """Return a p-value for people: three decimals, ``< 0.001`` below."""
    if value is None or math.isnan(value):
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def reasons_text(reasons: tuple[Reason, ...]) -> str:
    """Return the reasons as words: ``too few requests, noise``."""
    return ", ".join(reason.value.replace("_", " ") for reason in reasons)


def worst_shift(endpoint: EndpointComparison) -> QuantileShift | None:
    """Return the shift that carries the endpoint's verdict: the largest flagged one in its direction."""
    if endpoint.verdict not in {Verdict.REGRESSED, Verdict.IMPROVED}:
        return None
    slower = endpoint.verdict is Verdict.REGRESSED
    flagged = [shift for shift in endpoint.shifts if shift.flagged and (shift.ratio > 1) is slower]
    return max(flagged, key=lambda shift: abs(math.log(shift.ratio)), default=None)


def change_of(endpoint: EndpointComparison) -> str:
    """Return what changed at one endpoint: ``GET /report p95 +31 %``; errors when latency is not the reason."""
    name = printable_name(str(endpoint.key))
    shift = worst_shift(endpoint)
    if shift is not None:
        return f"{name} {quantile_name(shift.quantile)} {format_ratio_change(shift.ratio)}"
    if Reason.ERROR_RATE in endpoint.reasons and endpoint.baseline and endpoint.current:
        before, after = (format_share(side.failure_share) for side in (endpoint.baseline, endpoint.current))
        return f"{name} failed {before} -> {after}"
    return f"{name} {reasons_text(endpoint.reasons)}".strip()


def change_text(comparison: RunComparison) -> str:
    """Return the change that carries the run's verdict and how many more there are; empty when none does."""
    carrying = [
        endpoint
        for endpoint in comparison.endpoints
        if endpoint.verdict is comparison.verdict and endpoint.verdict in {Verdict.REGRESSED, Verdict.IMPROVED}
    ]
    if carrying:
        more = f" and {len(carrying) - 1} more" if len(carrying) > 1 else ""
        return change_of(carrying[0]) + more
    wide = [shift for shift in comparison.run_wide if shift.flagged]
    if wide and comparison.verdict in {Verdict.REGRESSED, Verdict.IMPROVED}:
        most = max(wide, key=lambda shift: abs(math.log(shift.ratio)))
        return f"all endpoints {quantile_name(most.quantile)} {format_ratio_change(most.ratio)}"
    return ""


def headline(comparison: RunComparison) -> str:
    """Return the run's judgement as one line: ``REGRESSED checkout: GET /report p95 +31 %``."""
    scenario = printable_name(comparison.current.scenario)
    invalid = comparison.validity is Validity.INVALID
    word = "INVALID" if invalid else verdict_word(comparison.verdict)
    detail = "" if invalid else change_text(comparison) or reasons_text(comparison.reasons)
    detail += f": {', '.join(comparison.incomparable)}" if detail and comparison.incomparable else ""
    if comparison.broken_thresholds and not invalid:
        broken = f"{len(comparison.broken_thresholds)} threshold(s) broken"
        detail = f"{detail}; {broken}" if detail else broken
    return f"{word} {scenario}: {detail}" if detail else f"{word} {scenario}"


def ks_sentence(ks: KsPanel) -> str:
    """Return the Kolmogorov-Smirnov test in words, with where on the curve the runs differ most."""
    gap = "faster" if ks.current_done > ks.baseline_done else "slower"
    where = (
        f"The two runs differ most at {format_latency(ks.at)}: {format_share(ks.current_done)} of the current "
        f"requests were answered within it, {format_share(ks.baseline_done)} of the baseline's - "
        f"{ks.distance * 100:.1f} points {gap} (D = {ks.distance:.3f})."
        if ks.distance > 0
        else "The two distributions are the same at every bucket edge (D = 0)."
    )
    stage = f'In "{printable(ks.stage, 80)}": ' if ks.stage else ""
    return f"{stage}{where} {_p_sentence(ks)}"


def ks_by_stage(panels: tuple[KsPanel, ...]) -> str:
    """Return ``D by stage: stage 1: 5 users 0.021, stage 2: 20 users 0.155.``; empty without stages."""
    if not panels:
        return ""
    return f"D by stage: {', '.join(f'{printable(each.stage, 80)} {each.distance:.3f}' for each in panels)}."


def _p_relation(value: float) -> str:
    text = p_value_text(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _p_sentence(ks: KsPanel) -> str:
    naive = f"Taken as independent requests, {_p_relation(ks.p_value)}"
    if ks.p_corrected is None:
        return f"{naive}; too few windows to correct that for requests that depend on each other."
    effective = (
        "" if ks.effective_requests is None else f" (as many as {ks.effective_requests:,.0f} independent ones)"
    )
    text = f"{naive}; corrected for requests that depend on each other{effective}, {_p_relation(ks.p_corrected)}."
    return text + (
        " The shape of the distribution changed although no quantile is flagged." if ks.shape_changed else ""
    )
