"""The Kolmogorov-Smirnov test of every endpoint: shown always, a warning at most."""

from collections.abc import Iterable
from dataclasses import replace

from perf_core.compare.comparison import KsPanel
from perf_core.compare.evidence import Pair
from perf_core.compare.findings import Findings
from perf_core.model.endpoint import EndpointKey
from perf_core.stats.holm import holm
from perf_core.stats.ks import ks_p_value, ks_test
from perf_core.stats.ks_windows import window_ks

SHAPE_ALPHA = 0.05
SHAPE_FLOOR = 0.05
"""Distance D below which a changed shape is no warning."""


def ks_panels(pairs: Iterable[Pair], findings: Findings) -> dict[EndpointKey, KsPanel]:
    """Return the panel of every endpoint with answered requests on both sides."""
    panels = {pair.key: panel for pair in pairs if (panel := _panel(pair))}
    corrected = holm([1.0 if panel.p_corrected is None else panel.p_corrected for panel in panels.values()])
    return {
        key: replace(panel, shape_changed=_shape_changed(panel, p_value, findings, key))
        for (key, panel), p_value in zip(panels.items(), corrected, strict=True)
    }


def _panel(pair: Pair) -> KsPanel | None:
    if not pair.baseline or not pair.current:
        return None
    old, new = pair.baseline.histogram, pair.current.histogram
    if not old.total or not new.total:
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
    )


def _shape_changed(panel: KsPanel, p_value: float, findings: Findings, key: EndpointKey) -> bool:
    flagged = any(row.shown.flagged for row in findings.quantiles.get(key, ()))
    return p_value < SHAPE_ALPHA and panel.distance >= SHAPE_FLOOR and not flagged
