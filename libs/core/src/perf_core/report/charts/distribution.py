"""Drawings of two latency distributions: cumulative curves over each other, and the shift between their quantiles."""

import math

import numpy as np

from perf_core.compare.comparison import EndpointComparison, QuantileShift
from perf_core.model.histogram import FloatArray, Histogram, lower_edges
from perf_core.report.charts.axis import Axis, ticks, x_axis, y_axis
from perf_core.report.charts.chart import Chart, Line, Marker, axis_ticks, path
from perf_core.units import format_latency, format_ratio_change

_POINTS = 60
_SHIFT_QUANTILES = np.linspace(0.02, 0.98, 25)


def cumulative_chart(baseline: Histogram, current: Histogram, endpoint: EndpointComparison) -> Chart:
    """Return both cumulative distributions over a logarithmic latency axis; either histogram may be empty."""
    present = [histogram for histogram in (baseline, current) if histogram.total]
    low = min((histogram.quantile(0.002) for histogram in present), default=0.001)
    high = max((histogram.quantile(0.998) for histogram in present), default=1.0)
    across, up = x_axis(low, high, logarithmic=True), y_axis(0.0, 1.0)
    sides = ((baseline, "baseline", "baseline"), (current, "current", "current"))
    lines = tuple(Line(_cumulative_path(across, up, each), style, name) for each, style, name in sides if each.total)
    ks = endpoint.ks
    marked = ks is not None and not endpoint.ks_stages and ks.distance > 0 and across.low <= ks.at <= across.high
    return Chart(
        title="Share of requests answered within",
        description="Cumulative distributions of the latencies: baseline dashed, current solid.",
        x_ticks=axis_ticks(across, ticks(across), format_latency),
        y_ticks=axis_ticks(up, [0.0, 0.25, 0.5, 0.75, 1.0], lambda share: f"{share * 100:.0f} %"),
        lines=lines,
        markers=(Marker(str(across.pixel(ks.at)), f"D at {format_latency(ks.at)}"),) if ks and marked else (),
    )


def _cumulative_path(across: Axis, up: Axis, histogram: Histogram) -> str:
    shares = np.cumsum(histogram.counts) / histogram.total
    edges = lower_edges(histogram.buckets + 1)
    positions = np.linspace(across.start, across.end, _POINTS)
    ratio = (positions - across.start) / (across.end - across.start)
    latencies: FloatArray = across.low * (across.high / across.low) ** ratio
    at = np.searchsorted(edges, latencies, side="right") - 1
    done = np.where(at >= 0, shares[np.maximum(at, 0)], 0.0)
    return path(across, up, latencies, done, steps=len(histogram.buckets) < _POINTS)


def shift_chart(baseline: Histogram, current: Histogram, endpoint: EndpointComparison) -> Chart | None:
    """Return the change of every quantile, with the intervals of the tested ones; None when a side is missing."""
    if not baseline.total or not current.total:
        return None
    changes = np.array([_change(baseline, current, float(quantile)) for quantile in _SHIFT_QUANTILES])
    tested = [shift for shift in endpoint.shifts if math.isfinite(shift.low) and math.isfinite(shift.high)]
    values = [
        *changes[np.isfinite(changes)].tolist(),
        *(s.low for s in tested),
        *(s.high for s in tested),
        0.98,
        1.02,
    ]
    across, up = x_axis(0.0, 1.0), y_axis(max(min(values), 0.2), min(max(values), 5.0))
    lines = [Line(f"M{across.start} {up.pixel(1.0)}H{across.end}", "zero", "")]
    band = _band(across, up, changes, tested)
    lines += [Line(band, "band", "95 % interval, drawn through those tested")] if band else []
    lines.append(Line(path(across, up, _SHIFT_QUANTILES, changes), "current", "change of each quantile"))
    bars = "".join(
        f"M{across.pixel(s.quantile)} {up.pixel(s.low)}V{up.pixel(s.high)}m-3 0h6M{across.pixel(s.quantile) - 3} "
        f"{up.pixel(s.low)}h6"
        for s in tested
    )
    lines += [Line(bars, "interval", "95 % interval, tested")] if bars else []
    return Chart(
        title="Change of each quantile",
        description="Current divided by baseline at each quantile; above the dashed line is slower.",
        x_ticks=axis_ticks(across, [0.0, 0.25, 0.5, 0.75, 0.95], lambda q: f"p{q * 100:g}"),
        y_ticks=axis_ticks(up, ticks(up, 4), format_ratio_change),
        lines=tuple(lines),
    )


def _band(across: Axis, up: Axis, changes: FloatArray, tested: list[QuantileShift]) -> str:
    """Return the interval around the curve: as wide as at the tested quantiles, in between interpolated."""
    known = [shift for shift in tested if shift.low > 0 and shift.ratio > 0]
    drawn = np.isfinite(changes) & (changes > 0)
    if not known or not drawn.any():
        return ""
    quantiles = np.array([shift.quantile for shift in known])
    below = np.interp(_SHIFT_QUANTILES, quantiles, [math.log(shift.ratio / shift.low) for shift in known])[drawn]
    above = np.interp(_SHIFT_QUANTILES, quantiles, [math.log(shift.high / shift.ratio) for shift in known])[drawn]
    places, middle = _SHIFT_QUANTILES[drawn], changes[drawn]
    around = np.concatenate([places, places[::-1]])
    edge = np.concatenate([middle * np.exp(above), (middle * np.exp(-below))[::-1]])
    return path(across, up, around, edge) + "z"


def _change(baseline: Histogram, current: Histogram, quantile: float) -> float:
    before = baseline.quantile(quantile)
    return current.quantile(quantile) / before if before > 0 else math.nan
