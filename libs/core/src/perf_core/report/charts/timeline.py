"""Drawings over the time of a run: latency quantiles with events, and gauges under the same axis."""

import numpy as np

from perf_core.model.histogram import FloatArray, Histogram, IntArray
from perf_core.model.run import RunInfo
from perf_core.model.series import GaugeSeries, OutcomeSeries, Recording
from perf_core.report.charts.axis import Axis, clock_text, clock_ticks, ticks, x_axis, y_axis
from perf_core.report.charts.chart import Chart, Line, Marker, axis_ticks, path
from perf_core.report.outside import printable, printable_name
from perf_core.units import format_bytes, format_latency, format_share

_BINS = 30
_BANDS = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
_SOURCES = 6
_EVENTS = 30
_FEWEST_PER_BIN = 5


def run_axis(recording: Recording) -> Axis:
    """Return the time axis of a run, in seconds since its start, shared by all its drawings."""
    return x_axis(0.0, max(run_seconds(recording), 1.0))


def run_start(recording: Recording) -> float:
    """Return when the run started; its first recorded second when that is not known."""
    if recording.info.started is not None:
        return recording.info.started
    seconds = [
        float(outcome.seconds[0])
        for endpoint in recording.endpoints.values()
        for outcome in (endpoint.ok, endpoint.failed)
        if outcome.seconds.size
    ]
    return min(seconds, default=0.0)


def run_seconds(recording: Recording) -> float:
    """Return how long the run lasted, in seconds; up to its last request when its end is not known."""
    start = run_start(recording)
    seconds = [
        float(outcome.seconds[-1]) + 1
        for endpoint in recording.endpoints.values()
        for outcome in (endpoint.ok, endpoint.failed)
        if outcome.seconds.size
    ]
    ended = recording.info.ended
    return max((max(seconds, default=start) if ended is None else ended) - start, 0.0)


def event_markers(info: RunInfo, start: float, across: Axis) -> tuple[Marker, ...]:
    """Return the run's events as marks; workers joining at the start are no news."""
    told = [event for event in info.events if event.kind != "worker_joined"][:_EVENTS]
    return tuple(
        Marker(str(across.pixel(event.at - start)), f"{clock_text(event.at - start)} {printable(event.text, 120)}")
        for event in told
    )


def latency_chart(outcome: OutcomeSeries, recording: Recording) -> Chart | None:
    """Return p50, p95 and p99 of the answered requests over the run; None without requests."""
    if not outcome.cell_seconds.size:
        return None
    start, across = run_start(recording), run_axis(recording)
    bins = max(1, min(_BINS, round(across.high / 2)))
    width = across.high / bins
    borders = np.searchsorted(outcome.cell_seconds, np.ceil(start + width * np.arange(bins + 1)))
    parts = [_slice(outcome, borders, at) for at in range(bins)]
    curves = [_quantiles(parts, quantile) for quantile, _ in _BANDS]
    together = np.concatenate(curves)
    values = together[np.isfinite(together)]
    if not values.size:
        return None
    up = y_axis(float(values.min()), float(values.max()), logarithmic=True)
    middles = np.array([width * (at + 0.5) for at in range(bins)])
    lines = (
        Line(path(across, up, middles, curve), name, name) for curve, (_, name) in zip(curves, _BANDS, strict=True)
    )
    return Chart(
        title="Latency over the run",
        description="p50, p95 and p99 of the current run over its time, with its events.",
        x_ticks=axis_ticks(across, clock_ticks(across), clock_text),
        y_ticks=axis_ticks(up, ticks(up, 4), format_latency),
        lines=tuple(lines),
        markers=event_markers(recording.info, start, across),
    )


def _slice(outcome: OutcomeSeries, borders: IntArray, at: int) -> Histogram:
    cells = slice(int(borders[at]), int(borders[at + 1]))
    buckets, where = np.unique(outcome.cell_buckets[cells], return_inverse=True)
    counts = np.bincount(where, outcome.cell_counts[cells], len(buckets)).astype(np.int64)
    return Histogram(buckets, counts, 0.0, float("inf"), 0.0)


def _quantiles(parts: list[Histogram], quantile: float) -> FloatArray:
    """Return one quantile per part; NaN where too few requests carry it."""
    return np.array([part.quantile(quantile) if part.total >= _FEWEST_PER_BIN else np.nan for part in parts])


def gauge_charts(recording: Recording) -> tuple[Chart, ...]:
    """Return one drawing per gauge name with a line per source, under the run's time axis."""
    names = sorted({gauge.name for gauge in recording.gauges})
    charts = (_gauge_chart(name, [g for g in recording.gauges if g.name == name], recording) for name in names)
    return tuple(chart for chart in charts if chart is not None)


def _gauge_chart(name: str, gauges: list[GaugeSeries], recording: Recording) -> Chart | None:
    drawn = [gauge for gauge in gauges if np.isfinite(gauge.values).any()][:_SOURCES]
    if not drawn:
        return None
    start, across = run_start(recording), run_axis(recording)
    up = y_axis(0.0, max(float(np.nanmax(gauge.values)) for gauge in drawn))
    hidden = f", {len(gauges) - len(drawn)} more sources not drawn" if len(gauges) > len(drawn) else ""
    return Chart(
        title=printable_name(name).replace("_", " "),
        description=f"{printable_name(name)} over the run{hidden}.",
        x_ticks=axis_ticks(across, clock_ticks(across), clock_text),
        y_ticks=axis_ticks(up, ticks(up, 4), lambda value: _gauge_text(name, value)),
        lines=tuple(_gauge_line(gauge, at, start, across, up) for at, gauge in enumerate(drawn)),
        markers=event_markers(recording.info, start, across),
    )


def _gauge_line(gauge: GaugeSeries, at: int, start: float, across: Axis, up: Axis) -> Line:
    step = max(1, len(gauge.seconds) // 200)
    drawn = path(across, up, gauge.seconds[::step] - start, gauge.values[::step])
    return Line(drawn, f"source{at}", printable_name(gauge.source) or "run")


def _gauge_text(name: str, value: float) -> str:
    if name.endswith("_ratio"):
        return format_share(value, 0)
    if "bytes" in name:
        return format_bytes(value)
    return format_latency(value) if name.endswith("_seconds") or "lag" in name else f"{value:g}"
