"""The table per endpoint as strings: what every door (HTML, mail, terminal, Markdown) prints."""

import math
from dataclasses import dataclass

from perf_core.compare.comparison import EndpointComparison, EndpointFigures, QuantileShift
from perf_core.report.outside import printable, printable_name
from perf_core.report.words import (
    in_stage,
    ks_by_stage,
    ks_sentence,
    p_value_text,
    reasons_text,
    verdict_symbol,
    verdict_word,
)
from perf_core.units import format_latency, format_ratio_change, format_share

FIGURE_TITLES = ("requests", "req/s", "failed", "mean", "p50", "p95", "p99", "max")
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """How one quantile moved, as strings; `sign` says slower, faster or empty."""

    quantile: str
    change: str
    interval: str
    p_value: str
    flagged: str
    detectable: str


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """One endpoint as strings; `baseline` and `current` have one entry per FIGURE_TITLES."""

    name: str
    verdict: str
    symbol: str
    style: str
    reasons: str
    explanation: str
    baseline: tuple[str, ...]
    current: tuple[str, ...]
    deltas: tuple[str, ...]
    shifts: tuple[ShiftRow, ...]
    ks_distance: str
    ks_p_value: str
    ks_p_corrected: str
    ks_sentence: str
    a12: str
    notes: tuple[str, ...]


def figure_texts(figures: EndpointFigures | None) -> tuple[str, ...]:
    """Return the figures of one side in the order of FIGURE_TITLES; dashes when the endpoint is missing there."""
    if figures is None:
        return (NOTHING,) * len(FIGURE_TITLES)
    latencies = (figures.mean, figures.p50, figures.p95, figures.p99, figures.maximum)
    return (
        f"{figures.requests:,}",
        f"{figures.rate:,.1f}",
        format_share(figures.failure_share),
        *(format_latency(latency) for latency in latencies),
    )


def _ratio_text(before: float, after: float) -> str:
    if math.isnan(before) or math.isnan(after) or before <= 0:
        return NOTHING
    return format_ratio_change(after / before)


def delta_texts(before: EndpointFigures | None, after: EndpointFigures | None) -> tuple[str, ...]:
    """Return the change of each figure of FIGURE_TITLES; the failed share changes in points."""
    if before is None or after is None:
        return (NOTHING,) * len(FIGURE_TITLES)
    points = (after.failure_share - before.failure_share) * 100
    pairs = ((before.mean, after.mean), (before.p50, after.p50), (before.p95, after.p95), (before.p99, after.p99))
    return (
        _ratio_text(before.requests, after.requests),
        _ratio_text(before.rate, after.rate),
        f"{points:+.1f} pt",
        *(_ratio_text(old, new) for old, new in pairs),
        _ratio_text(before.maximum, after.maximum),
    )


def shift_row(shift: QuantileShift) -> ShiftRow:
    """Return the strings of one shift."""
    return ShiftRow(
        quantile=in_stage(shift.quantile, shift.stage),
        change=format_ratio_change(shift.ratio) if math.isfinite(shift.ratio) else NOTHING,
        interval=_interval(shift),
        p_value=p_value_text(shift.p_value),
        flagged=("slower" if shift.ratio > 1 else "faster") if shift.flagged else "",
        detectable=format_share(shift.detectable) if math.isfinite(shift.detectable) else NOTHING,
    )


def _interval(shift: QuantileShift) -> str:
    if not (math.isfinite(shift.low) and math.isfinite(shift.high)):
        return NOTHING
    return f"{format_ratio_change(shift.low)} to {format_ratio_change(shift.high)}"


def endpoint_row(endpoint: EndpointComparison) -> EndpointRow:
    """Return one endpoint's comparison as strings."""
    ks = endpoint.ks
    return EndpointRow(
        name=printable_name(str(endpoint.key)),
        verdict=verdict_word(endpoint.verdict),
        symbol=verdict_symbol(endpoint.verdict),
        style=verdict_word(endpoint.verdict).lower().replace(" ", "-"),
        reasons=reasons_text(endpoint.reasons),
        explanation=printable(endpoint.explanation),
        baseline=figure_texts(endpoint.baseline),
        current=figure_texts(endpoint.current),
        deltas=delta_texts(endpoint.baseline, endpoint.current),
        shifts=tuple(shift_row(shift) for shift in endpoint.shifts),
        ks_distance=NOTHING if ks is None else f"{ks.distance:.3f}",
        ks_p_value=NOTHING if ks is None else p_value_text(ks.p_value),
        ks_p_corrected=NOTHING if ks is None else p_value_text(ks.p_corrected),
        ks_sentence="" if ks is None else f"{ks_sentence(ks)} {ks_by_stage(endpoint.ks_stages)}".strip(),
        a12=NOTHING if endpoint.a12 is None else format_share(endpoint.a12),
        notes=tuple(printable(note) for note in endpoint.notes),
    )
