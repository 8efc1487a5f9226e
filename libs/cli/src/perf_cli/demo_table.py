"""What the demo shows of its three runs, and whether their verdicts are the right ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from perf_core.compare.comparison import EndpointComparison, RunComparison
from perf_core.model.verdict import Verdict
from perf_core.units import format_latency

ENDPOINT = "/v1/items/{id}/delivery-quote"
"""The endpoint that the third run finds slower."""


@dataclass(frozen=True, slots=True)
class DemoRuns:
    """The comparisons of the three runs, the first of which had nothing to compare with."""

    baseline: RunComparison
    same_build: RunComparison
    slower: RunComparison


def wrong_verdicts(runs: DemoRuns) -> tuple[str, ...]:
    """Return what is wrong with the verdicts, a sentence each; nothing when they are right."""
    wrong = []
    if runs.baseline.verdict is not None or not runs.baseline.endpoints:
        wrong.append("the baseline should have requests and no verdict")
    if runs.same_build.verdict in (None, Verdict.REGRESSED):
        wrong.append(f"the same build is {runs.same_build.verdict or 'not judged'}; it should not be REGRESSED")
    if runs.slower.verdict is not Verdict.REGRESSED:
        wrong.append(f"the slower build is {runs.slower.verdict or 'not judged'}; it should be REGRESSED")
    elif _slowed(runs.slower).verdict is not Verdict.REGRESSED:
        wrong.append(f"the slower build is REGRESSED without naming {ENDPOINT}")
    return tuple(wrong)


def table(runs: DemoRuns) -> str:
    """Return the three verdicts with the figures of the endpoint that carries them."""
    header = f"{'run':<13} {'verdict':<13} {'endpoint':<34} {'p50':>17} {'p95':>17} {'p99':>17} {'D':>6}"
    rows = [
        _row("1 baseline", "baseline", runs.baseline),
        _row("2 same build", str(runs.same_build.verdict), runs.same_build),
        _row("3 slower", str(runs.slower.verdict), runs.slower),
    ]
    return "\n".join((header, *rows))


def _row(title: str, verdict: str, comparison: RunComparison) -> str:
    endpoint = _slowed(comparison)
    figures = " ".join(f"{_before_after(endpoint, name):>17}" for name in ("p50", "p95", "p99"))
    distance = f"{endpoint.ks.distance:.3f}" if endpoint.ks else "-"
    return f"{title:<13} {verdict:<13} {endpoint.key!s:<34} {figures} {distance:>6}"


def _slowed(comparison: RunComparison) -> EndpointComparison:
    return next(each for each in comparison.endpoints if each.key.name == ENDPOINT)


def _before_after(endpoint: EndpointComparison, name: str) -> str:
    sides: Sequence[object] = [side for side in (endpoint.baseline, endpoint.current) if side is not None]
    return " > ".join(format_latency(getattr(side, name)) for side in sides)
