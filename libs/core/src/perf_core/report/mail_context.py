"""The view model of a mail's HTML body."""

from dataclasses import dataclass

from perf_core.compare.comparison import RunComparison
from perf_core.report.outside import printable
from perf_core.report.rows import EndpointRow, endpoint_row
from perf_core.report.words import headline, verdict_symbol, verdict_word

ROWS = 40
_COLOURS = {
    "REGRESSED": "#a61b1b",
    "IMPROVED": "#0f6b3a",
    "INCONCLUSIVE": "#8a5a00",
    "UNCHANGED": "#33475b",
    "NOT COMPARED": "#33475b",
}


@dataclass(frozen=True, slots=True)
class MailRow:
    """One endpoint in a mail: before, after and change of p50, p95 and p99."""

    name: str
    verdict: str
    colour: str
    requests: str
    figures: tuple[tuple[str, ...], ...]
    """Failed requests, p50, p95 and p99: each the lines of a cell, before, after and change."""
    ks_distance: str
    ks_p_corrected: str


@dataclass(frozen=True, slots=True)
class MailContext:
    """Everything a mail prints."""

    headline: str
    colour: str
    explanation: str
    runs: str
    rows: tuple[MailRow, ...]
    more: str
    remarks: tuple[str, ...]


def build_mail_context(comparison: RunComparison) -> MailContext:
    """Return the view model: verdict, why, the most severe endpoints."""
    hidden = len(comparison.endpoints) - ROWS
    baseline = f"baseline {comparison.baseline.id}" if comparison.baseline else "nothing to compare with"
    return MailContext(
        headline=f"{verdict_symbol(comparison.verdict)} {headline(comparison)}",
        colour=_COLOURS[verdict_word(comparison.verdict)],
        explanation=printable(comparison.explanation, 2000),
        runs=f"current {comparison.current.id} ({comparison.validity.value}), {baseline}, "
        f"target {printable(comparison.current.target)}",
        rows=tuple(_row(endpoint_row(endpoint)) for endpoint in comparison.endpoints[:ROWS]),
        more=f"{hidden} more endpoints are in the report" if hidden > 0 else "",
        remarks=tuple(printable(text) for text in (*comparison.broken_thresholds, *comparison.warnings)),
    )


def _row(row: EndpointRow) -> MailRow:
    reasons = f" ({row.reasons})" if row.reasons else ""
    return MailRow(
        name=row.name,
        verdict=f"{row.symbol} {row.verdict}{reasons}",
        colour=_COLOURS[row.verdict],
        requests=row.current[0],
        figures=tuple(_change(row, at) for at in (2, 4, 5, 6)),
        ks_distance=row.ks_distance,
        ks_p_corrected=row.ks_p_corrected.replace(" ", "\N{NO-BREAK SPACE}"),
    )


def _change(row: EndpointRow, at: int) -> tuple[str, ...]:
    """Return the lines of a cell; what belongs together stays so in mail clients that drop styles."""
    lines = [row.current[at]]
    if row.baseline[at] != "-":
        lines = [f"{row.baseline[at]} \N{RIGHTWARDS ARROW}", row.current[at], row.deltas[at]]
    return tuple(line.replace(" ", "\N{NO-BREAK SPACE}") for line in lines)
