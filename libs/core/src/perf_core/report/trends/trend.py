"""One figure over the runs of a scenario, and where it changed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from perf_core.model.endpoint import EndpointKey
from perf_core.model.run import RunInfo
from perf_core.report.trends.history import History, RunFigures
from perf_core.stats.change_points import FEWEST, ChangePoint, change_points
from perf_core.units import format_latency, format_ratio_change, format_share

_FALSE_ALARMS = 0.05
"""Chance that a history without a change is said to have one, all its figures together."""
_SMALLEST_RATIO = 0.05
_SMALLEST_SHARE = 0.005
_ENDPOINTS = 50


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level: `run` is the first of the new level."""

    run: RunInfo
    before: str
    after: str
    change: str
    worse: bool
    p_value: float


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure: `values` beside `runs`, oldest first."""

    name: str
    kind: str
    """latency (seconds), rate (per second) or share (in [0, 1])."""
    runs: tuple[RunInfo, ...]
    values: tuple[float, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Series:
    name: str
    kind: str
    points: tuple[tuple[RunInfo, float], ...]


def format_value(kind: str, value: float) -> str:
    """Return a value of a trend for people."""
    if kind == "latency":
        return format_latency(value)
    return format_share(value) if kind == "share" else f"{value:,.1f}/s"


def trends_of(history: History) -> tuple[Trend, ...]:
    """Return p95, error rate and throughput of the run, then p95 of each endpoint, the most called first."""
    series = [
        _series(history, "p95, all endpoints", "latency", _mean_p95),
        _series(history, "failed requests", "share", _failure_share),
        _series(history, "throughput", "rate", lambda run: sum(each.rate for each in run.endpoints.values())),
        *_endpoint_series(history),
    ]
    long_enough = sum(len(each.points) >= 2 * FEWEST for each in series)
    return tuple(_trend(each, _FALSE_ALARMS / max(long_enough, 1)) for each in series if each.points)


def _endpoint_series(history: History) -> list[_Series]:
    requests: dict[EndpointKey, int] = {}
    for run in history.runs:
        for key, figures in run.endpoints.items():
            requests[key] = requests.get(key, 0) + figures.requests
    keys = sorted(requests, key=lambda key: (-requests[key], str(key)))[:_ENDPOINTS]
    return [_series(history, f"{key} p95", "latency", partial(_p95, key)) for key in keys]


def _series(history: History, name: str, kind: str, value_of: Callable[[RunFigures], float]) -> _Series:
    points = ((run.info, value_of(run)) for run in history.runs)
    return _Series(name, kind, tuple(point for point in points if math.isfinite(point[1])))


def _p95(key: EndpointKey, run: RunFigures) -> float:
    figures = run.endpoints.get(key)
    return math.nan if figures is None else figures.p95


def _mean_p95(run: RunFigures) -> float:
    """Return the mean of the endpoints' p95, weighted by their requests."""
    known = [each for each in run.endpoints.values() if math.isfinite(each.p95)]
    total = sum(each.requests for each in known)
    return sum(each.p95 * each.requests for each in known) / total if total else math.nan


def _failure_share(run: RunFigures) -> float:
    requests = sum(each.requests for each in run.endpoints.values())
    return sum(each.failures for each in run.endpoints.values()) / requests if requests else math.nan


def _trend(series: _Series, alpha: float) -> Trend:
    runs = tuple(run for run, _ in series.points)
    values = np.array([value for _, value in series.points])
    scale = values if series.kind == "share" else np.log(np.maximum(values, 1e-9))
    made = [_change(series.kind, runs[point.index], point) for point in change_points(scale, alpha)]
    changes = [change for change in made if change is not None]
    return Trend(series.name, series.kind, runs, tuple(values.tolist()), tuple(changes))


def _change(kind: str, run: RunInfo, point: ChangePoint) -> Change | None:
    """Return the change in words; None when it is too small to matter."""
    if kind == "share":
        before, after = point.before, point.after
        matters, text = abs(after - before) >= _SMALLEST_SHARE, f"{(after - before) * 100:+.1f} pt"
    else:
        before, after = math.exp(point.before), math.exp(point.after)
        matters = abs(point.after - point.before) >= math.log1p(_SMALLEST_RATIO)
        text = format_ratio_change(after / before)
    if not matters:
        return None
    worse = (after < before) if kind == "rate" else (after > before)
    return Change(run, format_value(kind, before), format_value(kind, after), text, worse, point.p_value)
