"""The comparison as the JSON that Slack's incoming webhooks take, and the many that are compatible with them."""

from perf_core.compare.comparison import RunComparison
from perf_core.model.verdict import Verdict
from perf_core.report.links import Link
from perf_core.report.outside import printable
from perf_core.report.words import change_of, headline, verdict_symbol

ENDPOINTS = 10


def build_payload(comparison: RunComparison, links: tuple[Link, ...]) -> dict[str, object]:
    """Return one text: verdict, why, the endpoints that moved, where the report is."""
    lines = [
        f"*{verdict_symbol(comparison.verdict)} {_escape(headline(comparison))}*",
        _escape(printable(comparison.explanation, 1000)),
        *(f"\N{BULLET} {_escape(text)}" for text in _moved(comparison)),
        *(f"threshold broken: {_escape(printable(text))}" for text in comparison.broken_thresholds[:ENDPOINTS]),
        f"run {comparison.current.id} of {_escape(printable(comparison.current.target))}"
        + (f", baseline {comparison.baseline.id}" if comparison.baseline else ""),
        *(f"<{_escape(link.url)}|{link.title}>" for link in links),
    ]
    return {"text": "\n".join(lines)}


def _moved(comparison: RunComparison) -> list[str]:
    moved = [each for each in comparison.endpoints if each.verdict in {Verdict.REGRESSED, Verdict.IMPROVED}]
    more = [f"{len(moved) - ENDPOINTS} more"] if len(moved) > ENDPOINTS else []
    return [f"{each.verdict} {change_of(each)}" for each in moved[:ENDPOINTS]] + more


def _escape(text: str) -> str:
    """Return the text without Slack's control characters: it links nothing and mentions nobody."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.translate({ord(character): f"\N{ZERO WIDTH NON-JOINER}{character}" for character in "*_~`@"})
