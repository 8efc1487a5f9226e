"""What else is to be known of an endpoint before its verdict is believed."""

from collections.abc import Sequence

from perf_core.compare.comparison import KsPanel
from perf_core.compare.evidence import Pair
from perf_core.compare.findings import ErrorRise
from perf_core.model.histogram import Histogram
from perf_core.stats.lattice import step_at
from perf_core.units import format_latency, format_share

SURVIVORS = 0.05
"""Change of the share of failed requests from which latencies of the others are no longer alike."""
CAPPED = 0.01
"""Share of the requests that end at the very same highest latency from which it looks like a timeout."""
FEWEST_CAPPED = 20


def endpoint_notes(pair: Pair, failures: Sequence[ErrorRise], panels: Sequence[KsPanel]) -> tuple[str, ...]:
    """Return sentences: shape, survivorship, degenerate and coarse distributions, timeouts among the answers."""
    histograms = [side.histogram for side in (pair.baseline, pair.current) if side and side.histogram.total]
    shapes = [_shape(panel) for panel in panels if panel.shape_changed]
    found = [*shapes, _survivors(failures), _degenerate(histograms), _coarse(histograms), _capped(histograms)]
    return tuple(note for note in found if note)


def _shape(panel: KsPanel) -> str:
    stage = f'In "{panel.stage}" the' if panel.stage else "The"
    return (
        f"{stage} shape of the distribution changed (D = {panel.distance:.2f}) although no quantile is flagged: "
        "look at the curves."
    )


def _survivors(failures: Sequence[ErrorRise]) -> str | None:
    if all(abs(each.points) < SURVIVORS for each in failures):
        return None
    return "The share of failed requests changed, and latencies are of answered requests only: compare with care."


def _degenerate(histograms: list[Histogram]) -> str | None:
    if not histograms or any(each.minimum != each.maximum for each in histograms):
        return None
    return "Degenerate: every answer took the same time, so only the sizes can be compared."


def _coarse(histograms: list[Histogram]) -> str | None:
    step = max((step_at(each, each.quantile(0.5)) for each in histograms), default=0.0)
    if not step:
        return None
    return f"Low resolution: latencies are about {format_latency(step)} apart; smaller changes do not count."


def _capped(histograms: list[Histogram]) -> str | None:
    """Return a note when many answers end exactly at the maximum, while the latencies below it are finer."""
    for each in histograms:
        top = int(each.counts[-1])
        if len(each.counts) > FEWEST_CAPPED <= top and top >= CAPPED * each.total and top > 5 * int(each.counts[-2]):
            return (
                f"{format_share(top / each.total)} of the answers took {format_latency(each.maximum)}, the longest "
                "time: if that is a timeout, they should count as failures."
            )
    return None
