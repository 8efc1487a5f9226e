"""A drawing as strings: the template prints it and computes nothing."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import FloatArray
from perf_core.report.charts.axis import Axis


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled position on an axis, in pixels."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line: SVG path data, the style class and its name in the legend."""

    path: str
    style: str
    name: str


@dataclass(frozen=True, slots=True)
class Marker:
    """A vertical mark with its explanation: the latency where D occurs, or an event with its number in the list."""

    at: str
    text: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing. `description` says in words what is drawn, for readers who cannot see it."""

    title: str
    description: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    markers: tuple[Marker, ...] = ()


def axis_ticks(axis: Axis, values: list[float], text: Callable[[float], str]) -> tuple[Tick, ...]:
    """Return the labelled ticks of an axis."""
    return tuple(Tick(str(axis.pixel(value)), text(value)) for value in values)


def path(x_axis: Axis, y_axis: Axis, xs: FloatArray, ys: FloatArray, *, steps: bool = False) -> str:
    """Return the SVG path through the points, relative and in whole pixels; a NaN interrupts the line."""
    parts: list[str] = []
    known = np.isfinite(xs) & np.isfinite(ys)
    columns = np.rint(x_axis.pixels(np.where(known, xs, x_axis.low))).astype(int)
    rows = np.rint(y_axis.pixels(np.where(known, ys, y_axis.low))).astype(int)
    last: tuple[int, int] | None = None
    for column, row, drawn in zip(columns.tolist(), rows.tolist(), known.tolist(), strict=True):
        parts.append(_step(last, column, row, steps=steps) if drawn else "")
        last = (column, row) if drawn else None
    return "".join(parts)


def _step(last: tuple[int, int] | None, column: int, row: int, *, steps: bool) -> str:
    if last is None:
        return f"M{column} {row}h0"  # the empty stroke shows a lone point
    right, down = column - last[0], row - last[1]
    if not right and not down:
        return ""
    return f"h{right}v{down}" if steps else f"l{right} {down}"
