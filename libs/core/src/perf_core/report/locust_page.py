"""Locust's own report page, filled from a recording: the dictionary its template reads.

The keys are those of `locust.html.get_html_report`; numbers come from the recorded histograms instead of Locust's
rounded ones. Locust speaks milliseconds. Like Locust's own, these statistics are of the whole run, failures included.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from perf_core.model.histogram import FloatArray, Histogram
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording
from perf_core.report.charts.timeline import run_seconds, run_start
from perf_core.report.outside import printable, printable_name
from perf_core.units import ms_from_seconds

ERRORS_SHOWN = 100
_REPORT_QUANTILES = (0.50, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
_TABLE_QUANTILES = (0.95, 0.99)
_CHART_QUANTILES = (0.5, 0.95)
_POINTS = 120
_SHORTEST_STEP = 2.0


def template_args(recording: Recording) -> dict[str, Any]:
    """Return what Locust's template is rendered with."""
    start, seconds = run_start(recording), run_seconds(recording)
    rows = [
        _Row(*_names(series), _both(series), series.requests, series.failures, _bytes(series))
        for series in _sorted(recording)
    ]
    rows.append(_total(rows))
    return {
        "is_report": True,
        "requests_statistics": [_statistics(row, seconds) for row in rows],
        "failures_statistics": _failures(recording),
        "exceptions_statistics": [],
        "response_time_statistics": [_quantiles(row) for row in rows],
        "start_time": _timestamp(start),
        "end_time": _timestamp(start + seconds),
        "duration": _duration(seconds),
        "host": printable(recording.info.target),
        "history": [] if recording.info.low_resolution else _history(recording, start, seconds),
        "show_download_link": False,
        "locustfile": printable_name(recording.info.scenario),
        "tasks": {"per_class": None, "total": None},
        "percentiles_to_chart": list(_CHART_QUANTILES),
        "profile": None,
    }


def _sorted(recording: Recording) -> list[EndpointSeries]:
    return [recording.endpoints[key] for key in sorted(recording.endpoints)]


def _names(series: EndpointSeries) -> tuple[str, str]:
    return printable(series.key.method, 20), printable_name(series.key.name)


def _both(series: EndpointSeries) -> Histogram:
    return series.ok.histogram().merged(series.failed.histogram())


def _bytes(series: EndpointSeries) -> int:
    return int(series.ok.bytes.sum() + series.failed.bytes.sum())


def _ms(seconds: float) -> float:
    return 0.0 if math.isnan(seconds) else round(ms_from_seconds(seconds), 2)


def _quantile_ms(histogram: Histogram, quantile: float) -> float:
    return _ms(histogram.quantile(quantile)) if histogram.total else 0.0


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of Locust's statistics."""

    method: str
    name: str
    histogram: Histogram
    requests: int
    failures: int
    bytes: int


def _statistics(row: _Row, seconds: float) -> dict[str, Any]:
    histogram = row.histogram
    rate, failure_rate = (count / seconds if seconds else 0.0 for count in (row.requests, row.failures))
    return {
        "method": row.method,
        "name": row.name,
        "num_requests": row.requests,
        "num_failures": row.failures,
        "min_response_time": _ms(histogram.minimum),
        "max_response_time": _ms(histogram.maximum),
        "current_rps": rate,
        "current_fail_per_sec": failure_rate,
        "avg_response_time": _ms(histogram.mean),
        "median_response_time": _quantile_ms(histogram, 0.5),
        "total_rps": rate,
        "total_fail_per_sec": failure_rate,
        **{f"response_time_percentile_{each}": _quantile_ms(histogram, each) for each in _TABLE_QUANTILES},
        "avg_content_length": row.bytes / row.requests if row.requests else 0,
    }


def _total(rows: list[_Row]) -> _Row:
    merged = Histogram.empty()
    for row in rows:
        merged = merged.merged(row.histogram)
    counts = (sum(row.requests for row in rows), sum(row.failures for row in rows), sum(row.bytes for row in rows))
    return _Row("", "Aggregated", merged, *counts)


def _quantiles(row: _Row) -> dict[str, Any]:
    quantiles = {str(each): _quantile_ms(row.histogram, each) for each in _REPORT_QUANTILES}
    return {"name": row.name, "method": row.method, **quantiles}


def _failures(recording: Recording) -> list[dict[str, Any]]:
    """Return the most frequent errors; the rest is summed in one row, because there may be thousands."""
    seen = [(series, error) for series in _sorted(recording) for error in series.errors]
    seen.sort(key=lambda pair: -pair[1].count)
    rows = [
        _failure(*_names(series), printable(f"{error.error_class}: {error.text}"), error.count)
        for series, error in seen[:ERRORS_SHOWN]
    ]
    rest = seen[ERRORS_SHOWN:]
    if rest:
        rows.append(_failure("", "", f"{len(rest):,} other errors", sum(error.count for _, error in rest)))
    return rows


def _failure(method: str, name: str, error: str, count: int) -> dict[str, Any]:
    return {
        "method": method,
        "name": name,
        "error": error,
        "occurrences": count,
        "first_seen": None,
        "last_seen": None,
    }


def _history(recording: Recording, start: float, seconds: float) -> list[dict[str, Any]]:
    """Return the points of Locust's charts: rates and quantiles per step of the run."""
    step = max(_SHORTEST_STEP, math.ceil(seconds / _POINTS))
    series = list(recording.endpoints.values())
    answered, failed = _merged([s.ok for s in series]), _merged([s.failed for s in series])
    edges = np.floor(start) + np.arange(0.0, seconds, step)
    users = next((gauge for gauge in recording.gauges if gauge.name == "users"), None)
    points, done, spent = [], 0, 0.0
    for low in edges.tolist():
        first, last = int(low), int(low + step) - 1
        histogram = answered.histogram(first, last).merged(failed.histogram(first, last))
        failures = _count(failed, first, last)
        requests = _count(answered, first, last) + failures
        done, spent = done + histogram.total, spent + histogram.total_time
        at = _timestamp(low + step)
        width = max(min(step, start + seconds - low), 1.0)
        points.append(
            {
                **{f"response_time_percentile_{q}": [at, _quantile_ms(histogram, q)] for q in _CHART_QUANTILES},
                "current_rps": [at, round(requests / width, 2)],
                "current_fail_per_sec": [at, round(failures / width, 2)],
                "total_avg_response_time": [at, _ms(spent / done) if done else 0],
                "user_count": [
                    at,
                    _users(users.seconds, users.values, low + step) if users else recording.info.users,
                ],
                "time": at,
            }
        )
    return points


def _merged(outcomes: list[OutcomeSeries]) -> OutcomeSeries:
    """Return all outcomes in one, ordered by second; only for reading histograms and counts of time ranges."""
    if not outcomes:
        return OutcomeSeries.empty()
    rows = np.argsort(np.concatenate([each.seconds for each in outcomes]), kind="stable")
    cells = np.argsort(np.concatenate([each.cell_seconds for each in outcomes]), kind="stable")
    row_fields = ("seconds", "counts", "sums", "minima", "maxima", "bytes")
    merged = {name: np.concatenate([getattr(each, name) for each in outcomes])[rows] for name in row_fields}
    for name in ("cell_seconds", "cell_buckets", "cell_counts"):
        merged[name] = np.concatenate([getattr(each, name) for each in outcomes])[cells]
    return OutcomeSeries(**merged)


def _count(outcome: OutcomeSeries, first: int, last: int) -> int:
    low, high = np.searchsorted(outcome.seconds, [first, last + 1])
    return int(outcome.counts[low:high].sum())


def _users(seconds: FloatArray, values: FloatArray, at: float) -> int:
    index = int(np.searchsorted(seconds, at, side="right")) - 1
    return int(values[index]) if index >= 0 else 0


def _timestamp(unix: float) -> str:
    return datetime.fromtimestamp(int(unix), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "hour"), (minutes, "minute"), (rest, "second")]
    told = [f"{value} {word}{'' if value == 1 else 's'}" for value, word in parts if value]
    return " ".join(told) or "0 seconds"
