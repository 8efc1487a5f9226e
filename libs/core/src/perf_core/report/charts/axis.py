"""Axes: where a value lands on the drawing, and which values get a tick."""

import math
from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import FloatArray

WIDTH, HEIGHT = 460, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 8, 26
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200)


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear or logarithmic scale from [low, high] to pixels [start, end]; low < high."""

    low: float
    high: float
    start: int
    end: int
    logarithmic: bool = False

    def pixels(self, values: FloatArray) -> FloatArray:
        """Return the pixels of the values; what lies outside the axis is drawn at its end."""
        low, high, inside = self.low, self.high, np.clip(values, self.low, self.high)
        if self.logarithmic:
            low, high, inside = math.log(low), math.log(high), np.log(inside)
        scaled: FloatArray = self.start + (inside - low) / (high - low) * (self.end - self.start)
        return scaled

    def pixel(self, value: float) -> int:
        """Return the pixel of one value."""
        return round(float(self.pixels(np.array([value]))[0]))


def x_axis(low: float, high: float, *, logarithmic: bool = False) -> Axis:
    """Return a horizontal axis; a range of nothing is widened."""
    low, high = _widened(low, high, logarithmic=logarithmic)
    return Axis(low, high, LEFT, WIDTH - RIGHT, logarithmic)


def y_axis(low: float, high: float, *, logarithmic: bool = False) -> Axis:
    """Return a vertical axis, low at the bottom; a range of nothing is widened."""
    low, high = _widened(low, high, logarithmic=logarithmic)
    return Axis(low, high, HEIGHT - BOTTOM, TOP, logarithmic)


def _widened(low: float, high: float, *, logarithmic: bool) -> tuple[float, float]:
    if logarithmic:
        low, high = max(low, 1e-6), max(high, 1e-6)
        return (low, high) if high > low * 1.05 else (low / 1.1, high * 1.1)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def ticks(axis: Axis, wanted: int = 5) -> list[float]:
    """Return round values along the axis, about `wanted` of them."""
    if axis.logarithmic and axis.high / axis.low > 8:
        return _log_ticks(axis, wanted)
    rough = (axis.high - axis.low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * 0.999)
    return _multiples(axis, step)


def clock_ticks(axis: Axis, wanted: int = 6) -> list[float]:
    """Return round times in seconds along the axis."""
    span = axis.high - axis.low
    step = next((step for step in _CLOCK_STEPS if span / step <= wanted), _CLOCK_STEPS[-1])
    return _multiples(axis, float(step))


def clock_text(seconds: float) -> str:
    """Return a time since the start: ``40 s``, ``2:30``, ``1:00:00``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _multiples(axis: Axis, step: float) -> list[float]:
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    return [multiple * step for multiple in range(first, last + 1)]


def _log_ticks(axis: Axis, wanted: int) -> list[float]:
    decades = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    for mantissas in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        values = [mantissa * 10.0**decade for decade in decades for mantissa in mantissas]
        inside = [value for value in values if axis.low <= value <= axis.high]
        if len(inside) <= wanted + 2:
            return inside
    return inside
