"""Drawings of what was read beside the requests - users, workers, hosts - all under the run's time axis."""

import re
from dataclasses import dataclass, replace

import numpy as np

from perf_core.model.histogram import FloatArray
from perf_core.model.series import GaugeSeries, Recording
from perf_core.report.charts.axis import Axis, clock_text, clock_ticks, ticks, y_axis
from perf_core.report.charts.chart import Chart, Line, axis_ticks, path
from perf_core.report.charts.timeline import event_markers, run_axis, run_start
from perf_core.report.outside import printable_name
from perf_core.units import format_bytes, format_latency, format_share

_LINES = 6
_LONG_NAME = re.compile(r"_([0-9a-f]{6})[0-9a-f]{20,}\b")
_POINTS = 200


@dataclass(frozen=True, slots=True)
class _Panel:
    """One drawing of one or more gauges: (gauge name, word in the legend)."""

    title: str
    gauges: tuple[tuple[str, str], ...]
    of_hosts: bool = False
    """The workers of a host read the same; one of them is enough."""
    total: bool = False


_PANELS = (
    _Panel("Users", (("users", ""),), total=True),
    _Panel("Starts of the arrival rate, per second", (("arrivals_due", "due"),), total=True),
    _Panel("Late starts, per second", (("arrivals_late", ""),), total=True),
    _Panel("Dropped starts, per second", (("arrivals_dropped", ""),), total=True),
    _Panel("CPU of workers and master", (("cpu_ratio", ""),)),
    _Panel("Lateness of the event loops", (("loop_lag_seconds", ""),)),
    _Panel("Memory of workers and master", (("memory_bytes", ""),)),
    _Panel("CPU of the hosts", (("host_cpu_ratio", ""),), of_hosts=True),
    _Panel("Memory of the hosts", (("host_memory_used_bytes", ""),), of_hosts=True),
    _Panel(
        "Network of the hosts, per second",
        (("host_network_received_bytes", "received"), ("host_network_sent_bytes", "sent")),
        of_hosts=True,
    ),
    _Panel(
        "Disk of the hosts, per second",
        (("host_disk_read_bytes", "read"), ("host_disk_written_bytes", "written")),
        of_hosts=True,
    ),
    _Panel("CPU of the containers, of their limit", (("container_cpu_ratio", ""),)),
    _Panel("CPU periods in which the containers were throttled", (("container_throttled_ratio", ""),)),
    _Panel("Memory of the containers", (("container_memory_used_bytes", ""),)),
    _Panel("Memory of the containers, of their limit", (("container_memory_ratio", ""),)),
    _Panel(
        "Network of the containers, per second",
        (("container_network_received_bytes", "received"), ("container_network_sent_bytes", "sent")),
    ),
    _Panel(
        "Disk of the containers, per second",
        (("container_disk_read_bytes", "read"), ("container_disk_written_bytes", "written")),
    ),
)
_KNOWN = {name for panel in _PANELS for name, _ in panel.gauges}
_COUNTERS = (
    "arrivals_due",
    "arrivals_late",
    "arrivals_dropped",
    "received_bytes",
    "sent_bytes",
    "read_bytes",
    "written_bytes",
)


def gauge_charts(recording: Recording) -> tuple[Chart, ...]:
    """Return the drawings, those that everybody knows first, then every other gauge by name."""
    others = sorted({gauge.name for gauge in recording.gauges} - _KNOWN)
    panels = (*_PANELS, *(_Panel(printable_name(name.replace("_", " ")), ((name, ""),)) for name in others))
    charts = (_chart(panel, recording) for panel in panels)
    return tuple(chart for chart in charts if chart is not None)


def _chart(panel: _Panel, recording: Recording) -> Chart | None:
    start, across = run_start(recording), run_axis(recording)
    drawn = [named for name, word in panel.gauges for named in _gauges(panel, name, word, recording)][:_LINES]
    values = np.concatenate([np.zeros(0), *(gauge.values[np.isfinite(gauge.values)] for gauge in drawn)])
    if not values.size:
        return None
    name = panel.gauges[0][0]
    up = y_axis(0.0, float(max(values.max(), 1e-9)) * 1.05)
    return Chart(
        title=panel.title,
        description=f"{panel.title} over the run, a line per source.",
        x_ticks=axis_ticks(across, clock_ticks(across), clock_text),
        y_ticks=axis_ticks(up, ticks(up, 4), lambda value: _text(name, value)),
        lines=tuple(_line(gauge, at, start, across, up) for at, gauge in enumerate(drawn)),
        markers=event_markers(recording.info, start, across),
    )


def _gauges(panel: _Panel, name: str, word: str, recording: Recording) -> list[GaugeSeries]:
    found = [gauge for gauge in recording.gauges if gauge.name == name and gauge.seconds.size]
    if panel.total:
        found = [_total(found)] if found else []
    if panel.of_hosts:
        found = [*{node: replace(gauge, source=node) for gauge in found for node in [_node(gauge.source)]}.values()]
    if name.endswith(_COUNTERS):
        found = [_rate(gauge) for gauge in found]
    return [replace(gauge, source=f"{gauge.source} {word}".strip()) for gauge in found]


def _node(source: str) -> str:
    """Return the host: Locust calls its workers host_hexadecimals, a master enters itself as master:host."""
    return source.removeprefix("master:").rsplit("_", 1)[0]


def _rate(gauge: GaugeSeries) -> GaugeSeries:
    """Return the differences per second of a counter; a counter that began anew interrupts the line."""
    steps, seconds = np.diff(gauge.values), np.diff(gauge.seconds)
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.where((steps >= 0) & (seconds > 0), steps / seconds, np.nan)
    return replace(gauge, seconds=gauge.seconds[1:], values=rates)


def _total(gauges: list[GaugeSeries]) -> GaugeSeries:
    """Return the sum over all sources, each with its latest reading."""
    moments = np.unique(np.concatenate([np.ceil(gauge.seconds) for gauge in gauges]))
    total: FloatArray = np.zeros(len(moments))
    for gauge in gauges:
        at = np.searchsorted(gauge.seconds, moments, side="right") - 1
        total += np.where(at >= 0, gauge.values[np.maximum(at, 0)], 0.0)
    return GaugeSeries(gauges[0].name, "", moments, total)


def _line(gauge: GaugeSeries, at: int, start: float, across: Axis, up: Axis) -> Line:
    step = max(1, len(gauge.seconds) // _POINTS)
    drawn = path(across, up, gauge.seconds[::step] - start, gauge.values[::step])
    return Line(drawn, f"source{at}", _legend(gauge.source))


def _legend(source: str) -> str:
    """Return the source with the hexadecimals of a worker's name cut to what tells it from the others."""
    return printable_name(_LONG_NAME.sub(r"_\1", source)) or "all workers"


def _text(name: str, value: float) -> str:
    if name.endswith("_ratio"):
        return format_share(value, 0)
    if "bytes" in name:
        return format_bytes(value).replace(".0 ", " ")
    return format_latency(value) if name.endswith("_seconds") or "lag" in name else f"{value:g}"
