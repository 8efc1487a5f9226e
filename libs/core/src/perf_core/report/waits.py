"""Latency from the intended start: measured for users with an arrival rate, estimated for closed ones, as strings."""

from dataclasses import dataclass

import numpy as np

from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import Histogram
from perf_core.model.series import GaugeSeries, Recording
from perf_core.report.outside import printable_name
from perf_core.stats.omission import corrected_for_omission
from perf_core.units import format_latency, format_share

_ROWS = 50
_QUANTILES = (0.5, 0.95, 0.99)
FEWEST = 20
"""Requests of an endpoint below which nothing is estimated."""
_MEASURED = (
    "Iterations began at an arrival rate. From the intended start counts how late a request's iteration began, "
    "for want of a free user or because the injector was busy; from the actual start does not."
)
_ESTIMATED = (
    "Users of a closed load do not ask while they wait for an answer, so a stall costs them few requests. "
    "The estimate adds those that they would have made at their usual distance (coordinated omission)."
)


@dataclass(frozen=True, slots=True)
class WaitRow:
    """One endpoint: p50, p95 and p99 from the actual start, then from the intended one."""

    endpoint: str
    actual: tuple[str, ...]
    intended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitContext:
    """The table, what it says, and how the starts went (nothing for a closed load)."""

    title: str
    explanation: str
    starts: str
    rows: tuple[WaitRow, ...]


def wait_context(run: Recording) -> WaitContext | None:
    """Return the table of a run; None when there is nothing to say."""
    if run.intended:
        pairs = {key: (_answered(run, key), each) for key, each in sorted(run.intended.items())}
        return WaitContext("Latency from the intended start", _MEASURED, _starts(run), _rows(pairs))
    if run.info.low_resolution or _starts(run):
        return None
    estimated = {key: (_answered(run, key), each) for key in run.endpoints if (each := _estimate(run, key))}
    if not estimated:
        return None
    return WaitContext("Latency from the intended start (estimate)", _ESTIMATED, "", _rows(estimated))


def _rows(pairs: dict[EndpointKey, tuple[Histogram, Histogram]]) -> tuple[WaitRow, ...]:
    return tuple(
        WaitRow(printable_name(str(key)), _quantiles(actual), _quantiles(intended))
        for key, (actual, intended) in list(pairs.items())[:_ROWS]
    )


def _quantiles(histogram: Histogram) -> tuple[str, ...]:
    return tuple(format_latency(histogram.quantile(q) if histogram.total else None) for q in _QUANTILES)


def _answered(run: Recording, key: EndpointKey) -> Histogram:
    return run.endpoints[key].ok.histogram() if key in run.endpoints else Histogram.empty()


def _estimate(run: Recording, key: EndpointKey) -> Histogram | None:
    """Return what users at their usual distance would have seen; None when it is what they saw, or nobody can say."""
    series = run.endpoints[key].ok
    users = [gauge for gauge in run.gauges if gauge.name == "users" and gauge.values.size]
    if series.total < FEWEST or not users:
        return None
    interval = sum(float(np.median(gauge.values)) for gauge in users) / float(np.median(series.counts))
    histogram = series.histogram()
    if interval <= 0 or histogram.maximum <= interval:
        return None
    corrected = corrected_for_omission(histogram, interval)
    return corrected if corrected.total > histogram.total else None


def _starts(run: Recording) -> str:
    due, late, dropped, cut_off = (_total(run, f"arrivals_{name}") for name in ("due", "late", "dropped", "cut_off"))
    if not due:
        return ""
    dropped -= cut_off
    more = f", {cut_off:,} more because the users were stopped" if cut_off else ""
    return (
        f"{due:,} starts were due, {late:,} began over 0.1 s late ({format_share(late / due)}), "
        f"{dropped:,} were dropped because no user was free within a second ({format_share(dropped / due)}){more}."
    )


def _total(run: Recording, name: str) -> int:
    return int(sum(_last(gauge) for gauge in run.gauges if gauge.name == name))


def _last(counter: GaugeSeries) -> float:
    return float(counter.values.max()) if counter.values.size else 0.0
