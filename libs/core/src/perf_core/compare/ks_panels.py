"""The Kolmogorov-Smirnov test of every endpoint, stage by stage: shown always, a warning at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from perf_core.compare.comparison import KsPanel
from perf_core.compare.evidence import Evidence, Pair
from perf_core.compare.findings import Findings
from perf_core.model.endpoint import EndpointKey
from perf_core.stats.holm import holm
from perf_core.stats.ks import ks_p_value, ks_test, superiority
from perf_core.stats.ks_windows import window_ks

SHAPE_ALPHA = 0.05
SHAPE_FLOOR = 0.05
"""Distance D below which a changed shape is no warning."""
FEWEST = 8
"""Answered requests of a side below which a distribution is a few points and no curve."""


@dataclass(frozen=True, slots=True)
class EndpointKs:
    """The panels of one endpoint, one per stage in which both sides answered it; `shown` with its A12."""

    stages: tuple[KsPanel, ...]
    shown: KsPanel
    superiority: float


def ks_panels(evidence: Evidence, findings: Findings) -> Mapping[EndpointKey, EndpointKs]:
    """Return the panels of every endpoint with answered requests on both sides."""
    made = [(pair, panel) for stage in evidence.stages for pair in stage.pairs if (panel := _panel(pair, stage.name))]
    corrected = holm([_corrected(panel) for _, panel in made])
    panels: dict[EndpointKey, list[tuple[Pair, KsPanel]]] = {}
    for (pair, panel), p_value in zip(made, corrected, strict=True):
        changed = _shape_changed(panel, p_value, findings, pair.key)
        panels.setdefault(pair.key, []).append((pair, replace(panel, shape_changed=changed)))
    return {key: _endpoint(stages) for key, stages in panels.items()}


def _endpoint(stages: Sequence[tuple[Pair, KsPanel]]) -> EndpointKs:
    """Return the panels of one endpoint; shown is the stage that surest differs: few requests differ by chance."""
    pair, shown = min(stages, key=lambda each: (_corrected(each[1]), each[1].p_value, -each[1].distance))
    return EndpointKs(tuple(panel for _, panel in stages), shown, _superiority(pair))


def _corrected(panel: KsPanel) -> float:
    return 1.0 if panel.p_corrected is None else panel.p_corrected


def _superiority(pair: Pair) -> float:
    old, new = (side.histogram for side in (pair.baseline, pair.current) if side)
    return superiority(old, new)


def _panel(pair: Pair, stage: str) -> KsPanel | None:
    if not pair.baseline or not pair.current:
        return None
    old, new = pair.baseline.histogram, pair.current.histogram
    if min(old.total, new.total) < FEWEST:
        return None
    result = ks_test(old, new)
    real = window_ks(pair.baseline, pair.current, result)
    return KsPanel(
        result.distance,
        result.bound,
        result.at,
        result.baseline_done,
        result.current_done,
        ks_p_value(result.distance, old.total, new.total),
        real.p_value if real else None,
        real.effective_requests if real else None,
        shape_changed=False,
        stage=stage,
    )


def _shape_changed(panel: KsPanel, p_value: float, findings: Findings, key: EndpointKey) -> bool:
    rows = (row.shown for row in findings.quantiles.get(key, ()))
    flagged = any(shift.flagged for shift in rows if shift.stage == panel.stage)
    return p_value < SHAPE_ALPHA and panel.distance >= SHAPE_FLOOR and not flagged
