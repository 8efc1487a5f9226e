"""The comparison as Markdown, for a pull request or the step summary of a CI job."""

import re

from perf_core.compare.comparison import RunComparison
from perf_core.report.outside import printable
from perf_core.report.rows import EndpointRow, endpoint_row
from perf_core.report.words import headline, verdict_symbol

ROWS = 50
"""Endpoints listed; forges cut comments that are too long, and the full table is in the report."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>&~@:-])")


def render_summary(comparison: RunComparison) -> str:
    """Return the Markdown: verdict first, then a table of the most severe endpoints."""
    title = f"## {verdict_symbol(comparison.verdict)} {_escape(headline(comparison))}"
    lines = [
        title,
        "",
        _escape(printable(comparison.explanation, 2000)),
        "",
        _runs(comparison),
        "",
        *_table(comparison),
    ]
    lines += [f"- threshold broken: {_escape(printable(text))}" for text in comparison.broken_thresholds]
    lines += [f"- warning: {_escape(printable(text))}" for text in comparison.warnings]
    return "\n".join(lines).rstrip() + "\n"


def _escape(text: str) -> str:
    return _SPECIAL.sub(_entity, text)


def _entity(match: re.Match[str]) -> str:
    """Return a character reference: it is no Markdown, no HTML and mentions nobody."""
    character = match.group(1)
    return character if character in "()-:+" else f"&#{ord(character)};"


def _runs(comparison: RunComparison) -> str:
    current = f"current `{comparison.current.id}` ({comparison.validity.value})"
    if comparison.baseline is None:
        return f"{current}, nothing to compare with"
    return f"baseline `{comparison.baseline.id}`, {current}"


def _table(comparison: RunComparison) -> list[str]:
    lines = [
        "| endpoint | verdict | requests | failed | p50 | p95 | p99 | KS D | p corrected |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    rows = [endpoint_row(endpoint) for endpoint in comparison.endpoints[:ROWS]]
    lines += [_line(row) for row in rows]
    hidden = len(comparison.endpoints) - len(rows)
    return [*lines, "", *([f"{hidden} more endpoints are in the report", ""] if hidden else [])]


def _line(row: EndpointRow) -> str:
    reasons = f" ({row.reasons})" if row.reasons else ""
    cells = [_escape(row.name), f"{row.symbol} {row.verdict}{reasons}", row.current[0]]
    cells += [_cell(row, at) for at in (2, 4, 5, 6)]
    return "| " + " | ".join([*cells, row.ks_distance, row.ks_p_corrected]) + " |"


def _cell(row: EndpointRow, at: int) -> str:
    if row.baseline[at] == "-":
        return row.current[at]
    return f"{row.baseline[at]} -> {row.current[at]} ({row.deltas[at]})"
