"""Drawings over the time of a run: latency quantiles and requests per second, with the run's events."""

import numpy as np

from perf_core.model.histogram import FloatArray, Histogram, IntArray
from perf_core.model.run import RunEvent, RunInfo
from perf_core.model.series import OutcomeSeries, Recording
from perf_core.report.charts.axis import Axis, clock_text, clock_ticks, ticks, x_axis, y_axis
from perf_core.report.charts.chart import Chart, Line, Marker, axis_ticks, path
from perf_core.report.outside import printable
from perf_core.units import format_latency

_BINS = 30
_BANDS = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
_RATE_BINS = 60
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


def told_events(info: RunInfo) -> tuple[RunEvent, ...]:
    """Return the events that are drawn, in the order of their numbers; workers joining at the start are no news."""
    return tuple(event for event in info.events if event.kind != "worker_joined")[:_EVENTS]


def event_markers(info: RunInfo, start: float, across: Axis) -> tuple[Marker, ...]:
    """Return the run's events as numbered marks."""
    return tuple(
        Marker(str(across.pixel(event.at - start)), printable(event.text, 120), str(number))
        for number, event in enumerate(told_events(info), 1)
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


def throughput_chart(current: Recording, baseline: Recording | None) -> Chart | None:
    """Return answered and failed requests per second over the run, beside the baseline's; None without requests."""
    start, across = run_start(current), run_axis(current)
    sides = [(current, run_start(current), "current")] + (
        [(baseline, run_start(baseline), "baseline")] if baseline else []
    )
    curves = [
        (_rates([each.ok for each in run.endpoints.values()], begun, across), name) for run, begun, name in sides
    ]
    failed = _rates([each.failed for each in current.endpoints.values()], start, across)
    highest = max(float(curve.max()) for curve, _ in curves)
    if not highest and not failed.any():
        return None
    up = y_axis(0.0, max(highest, float(failed.max())) * 1.05)
    middles = np.array([(at + 0.5) * across.high / len(failed) for at in range(len(failed))])
    lines = [Line(path(across, up, middles, curve), name, f"answered, {name}") for curve, name in curves]
    failures = [Line(path(across, up, middles, failed), "failed", "failed, current")] if failed.any() else []
    return Chart(
        title="Requests per second",
        description="Requests answered and failed per second over the run, by the second of their start.",
        x_ticks=axis_ticks(across, clock_ticks(across), clock_text),
        y_ticks=axis_ticks(up, ticks(up, 4), lambda value: f"{value:g}"),
        lines=(*lines, *failures),
        markers=event_markers(current.info, start, across),
    )


def _rates(outcomes: list[OutcomeSeries], start: float, across: Axis) -> FloatArray:
    """Return requests per second in equal slices of the axis; zero after the end of a shorter run."""
    bins = max(1, min(_RATE_BINS, int(across.high)))
    width, total = across.high / bins, np.zeros(bins)
    for outcome in outcomes:
        places = np.floor((outcome.seconds - start) / width).astype(np.int64)
        inside = (places >= 0) & (places < bins)
        total += np.bincount(places[inside], weights=outcome.counts[inside], minlength=bins)
    return total / width
