"""What the target did during both runs, and what of it moved most: together with the latencies, no proof."""

import math
from dataclasses import dataclass

import numpy as np

from perf_core.model.run import RunInfo
from perf_core.model.series import GaugeSeries, Recording
from perf_core.report.charts.axis import clock_text, clock_ticks, ticks, y_axis
from perf_core.report.charts.chart import Chart, Line, axis_ticks, path
from perf_core.report.charts.timeline import event_markers, run_axis, run_start
from perf_core.report.outside import printable, printable_name
from perf_core.units import format_bytes, format_latency, format_ratio_change, format_share

_MOVED = 5
_SMALLEST_DISTANCE = 0.5
_SMALLEST_CHANGE = 0.05
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class TargetContext:
    """The drawings, and sentences on what moved most."""

    moved: tuple[str, ...]
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class _Move:
    distance: float
    before: float
    after: float
    name: str

    @property
    def size(self) -> float:
        """How much the median changed, on a scale on which halved and doubled are the same."""
        return abs(math.log(self.after / self.before)) if self.before > 0 and self.after > 0 else math.inf


def target_context(
    series: tuple[GaugeSeries, ...], current: Recording, before: tuple[GaugeSeries, ...], baseline: RunInfo | None
) -> TargetContext | None:
    """Return the view model; None when nothing was read of the target."""
    if not series:
        return None
    known = {(each.name, each.source): each for each in before}
    pairs = [(each, known.get((each.name, each.source))) for each in series]
    moves = sorted((move for now, old in pairs if old and (move := _move(old, now))), key=_rank)
    return TargetContext(
        tuple(_sentence(move) for move in moves[:_MOVED]),
        tuple(_chart(now, old, current, baseline) for now, old in pairs),
    )


def _rank(move: _Move) -> tuple[float, float]:
    return -round(move.distance, 2), -move.size


def _move(old: GaugeSeries, now: GaugeSeries) -> _Move | None:
    """Return how far the distribution of a reading moved; None when it is little."""
    if min(old.values.size, now.values.size) < _FEWEST:
        return None
    together = np.sort(np.concatenate([old.values, now.values]))
    shares = [np.searchsorted(np.sort(each), together, side="right") / each.size for each in (old.values, now.values)]
    distance = float(np.abs(shares[0] - shares[1]).max())
    move = _Move(distance, float(np.median(old.values)), float(np.median(now.values)), _name(now))
    return move if distance >= _SMALLEST_DISTANCE and move.size >= _SMALLEST_CHANGE else None


def _sentence(move: _Move) -> str:
    change = f" ({format_ratio_change(move.after / move.before)})" if move.before > 0 else ""
    before, after = _value(move.name, move.before), _value(move.name, move.after)
    return f"{move.name}: median {before} -> {after}{change}, D {move.distance:.2f}"


def _value(name: str, value: float) -> str:
    """Return a value for people; the unit stands in parentheses at the end of the query's name."""
    unit = name.rpartition("(")[2].removesuffix(")")
    if unit == "bytes":
        return format_bytes(value)
    if unit == "seconds":
        return format_latency(value)
    return format_share(value) if unit == "ratio" else f"{value:.3g}"


def _chart(now: GaugeSeries, old: GaugeSeries | None, current: Recording, baseline: RunInfo | None) -> Chart:
    start, across = run_start(current), run_axis(current)
    sides = [("current", now, start)]
    if old is not None and baseline is not None and baseline.started is not None:
        sides.append(("baseline", old, baseline.started))
    up = y_axis(0.0, max(float(each.values.max()) for _, each, _ in sides) * 1.05)
    return Chart(
        title=_name(now),
        description=f"{_name(now)} over the run, beside the baseline's where it is known.",
        x_ticks=axis_ticks(across, clock_ticks(across), clock_text),
        y_ticks=axis_ticks(up, ticks(up, 4), lambda value: _value(now.name, value)),
        lines=tuple(
            Line(path(across, up, each.seconds - begun, each.values), side, side) for side, each, begun in sides
        ),
        markers=event_markers(current.info, start, across),
    )


def _name(series: GaugeSeries) -> str:
    return printable_name(series.name) + (f" {printable(series.source, 80)}" if series.source else "")
