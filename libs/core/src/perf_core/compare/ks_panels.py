"""The Kolmogorov-Smirnov test of every endpoint, stage by stage: shown always, a warning at most."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from perf_core.compare.comparison import KsPanel
from perf_core.compare.evidence import Evidence, Pair
from perf_core.compare.findings import Findings
from perf_core.model.endpoint import EndpointKey
from perf_core.stats.holm import holm
from perf_core.stats.ks import ks_p_value, ks_test
from perf_core.stats.ks_windows import window_ks

SHAPE_ALPHA = 0.05
SHAPE_FLOOR = 0.05
"""Distance D below which a changed shape is no warning."""
FEWEST = 8
"""Answered requests of a side below which a distribution is a few points and no curve."""


@dataclass(frozen=True, slots=True)
class EndpointKs:
    """The panels of one endpoint, one per stage in which both sides answered it."""

    stages: tuple[KsPanel, ...]

    @property
    def shown(self) -> KsPanel:
        """The panel of the stage in which the two sides differ most."""
        return max(self.stages, key=lambda panel: panel.distance)


def ks_panels(evidence: Evidence, findings: Findings) -> Mapping[EndpointKey, EndpointKs]:
    """Return the panels of every endpoint with answered requests on both sides."""
    made = [
        (pair.key, panel) for stage in evidence.stages for pair in stage.pairs if (panel := _panel(pair, stage.name))
    ]
    corrected = holm([1.0 if panel.p_corrected is None else panel.p_corrected for _, panel in made])
    panels: dict[EndpointKey, list[KsPanel]] = {}
    for (key, panel), p_value in zip(made, corrected, strict=True):
        changed = _shape_changed(panel, p_value, findings, key)
        panels.setdefault(key, []).append(replace(panel, shape_changed=changed))
    return {key: EndpointKs(tuple(stages)) for key, stages in panels.items()}


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
