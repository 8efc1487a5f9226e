"""The comparison as plain text for a terminal or the text part of a mail."""

from perf_core.compare.comparison import RunComparison
from perf_core.model.verdict import Verdict
from perf_core.report.outside import printable
from perf_core.report.rows import EndpointRow, endpoint_row
from perf_core.report.words import headline, verdict_symbol

_COLOURS = {Verdict.REGRESSED: "31", Verdict.IMPROVED: "32", Verdict.INCONCLUSIVE: "33"}
_LATENCIES = (("p50", 4), ("p95", 5), ("p99", 6))
_NAME_WIDTH = 44
_MOST_SENTENCES = 40


def render_text(comparison: RunComparison, *, colour: bool = False) -> str:
    """Return the comparison as text: verdict, why, one line per endpoint; `colour` adds ANSI colours."""
    title = f"{verdict_symbol(comparison.verdict)} {headline(comparison)}"
    if colour and comparison.verdict in _COLOURS:
        title = f"\x1b[1;{_COLOURS[comparison.verdict]}m{title}\x1b[0m"
    parts = [title, printable(comparison.explanation, 2000), _runs_line(comparison), ""]
    rows = [endpoint_row(endpoint) for endpoint in comparison.endpoints]
    parts += _table(rows)
    if comparison.baseline is not None:
        parts += _sentences(rows)
    parts += _remarks(comparison)
    return "\n".join(parts).rstrip() + "\n"


def _runs_line(comparison: RunComparison) -> str:
    current = f"current {comparison.current.id} ({comparison.validity.value})"
    if comparison.baseline is None:
        return current
    current += _more(comparison.repeats)
    baseline = f"baseline {comparison.baseline.id} ({comparison.baseline.validity.value})"
    return f"{baseline}{_more(comparison.more_baselines)}, {current}"


def _more(runs: tuple[str, ...]) -> str:
    return f" with {len(runs)} more" if runs else ""


def _table(rows: list[EndpointRow]) -> list[str]:
    """Return the table: every cell is ``before -> after (change)``; without a baseline just the current figure."""
    if not rows:
        return ["no endpoint was called"]
    titles = ["endpoint", "verdict", "requests", "failed", *(title for title, _ in _LATENCIES), "D", "p corrected"]
    lines = [titles, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _sentences(rows: list[EndpointRow]) -> list[str]:
    """Return why each endpoint has its verdict, and what else is to be known of it."""
    told = [line for row in rows for line in (row.explanation, *(f"  {row.name}: {note}" for note in row.notes))]
    more = [f"... and {len(told) - _MOST_SENTENCES} more, see the report"] if len(told) > _MOST_SENTENCES else []
    return ["", *told[:_MOST_SENTENCES], *more] if told else []


def _cells(row: EndpointRow) -> list[str]:
    name = row.name if len(row.name) <= _NAME_WIDTH else row.name[: _NAME_WIDTH - 1] + "\N{HORIZONTAL ELLIPSIS}"
    verdict = f"{row.symbol} {row.verdict}" + (f" ({row.reasons})" if row.reasons else "")
    latencies = [_before_after(row, at) for _, at in _LATENCIES]
    return [name, verdict, row.current[0], _before_after(row, 2), *latencies, row.ks_distance, row.ks_p_corrected]


def _before_after(row: EndpointRow, at: int) -> str:
    if row.baseline[at] == "-":
        return row.current[at]
    change = f" ({row.deltas[at]})" if row.deltas[at] != "-" else ""
    return f"{row.baseline[at]} -> {row.current[at]}{change}"


def _remarks(comparison: RunComparison) -> list[str]:
    broken = [f"threshold broken: {printable(text)}" for text in comparison.broken_thresholds]
    warnings = [f"warning: {printable(text)}" for text in comparison.warnings]
    return ["", *broken, *warnings] if broken or warnings else []
