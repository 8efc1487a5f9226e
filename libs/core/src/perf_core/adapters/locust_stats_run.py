"""The files of `locust --csv` put together: each one alone, or with those that stand beside it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from perf_core.adapters.locust_stats_csv import TOTAL, Point, StatsTable, read_failures, read_points
from perf_core.adapters.plain_locust import PlainEndpoint, PlainRun, Steps, steps_of
from perf_core.adapters.result_rows import RowReader
from perf_core.errors import PerfError

LIMITS = "percentiles of the whole run in two digits, failed requests included, and no single request"
_AS_ONE = "; all endpoints are one"
_FROM_WINDOWS = "; percentiles are put together from those of ten seconds each"
_STATS, _HISTORY, _FAILURES = "_stats.csv", "_stats_history.csv", "_failures.csv"
Key = tuple[str, str]


def run_of_stats(path: Path, table: StatsTable) -> PlainRun:
    """Return the run of a `*_stats.csv`; a `*_stats_history.csv` beside it tells when it was."""
    endpoints = {point.key: point.endpoint for point in _without_total(table.points)}
    history = _beside(path, _STATS, _HISTORY)
    requests = sum(each.requests for each in endpoints.values())
    if history and history[-1].endpoint.requests <= requests:
        over_time = _OverTime(history)
        made = [over_time.spread(key, each) for key, each in endpoints.items()]
        started, ended, users, unknown = over_time.started, over_time.ended, over_time.users, ""
    else:
        made, users, ended = list(endpoints.values()), (), float(int(path.stat().st_mtime))
        started = ended - max(
            (point.endpoint.requests / point.rate for point in table.points if point.rate), default=1
        )
        unknown = "; its time is that of the file"
    return _run(path, _STATS, table, made, (started, ended), LIMITS + unknown, users)


def run_of_history(path: Path, table: StatsTable) -> PlainRun:
    """Return the run of a `*_stats_history.csv`; a `*_stats.csv` beside it has better percentiles."""
    stats = path.with_name(path.name.removesuffix(_HISTORY) + _STATS)
    if path.name.endswith(_HISTORY) and stats.is_file():
        with RowReader(stats) as reader:
            better = read_points(reader)
        if better.points and better.points[-1].endpoint.requests >= table.points[-1].endpoint.requests:
            return replace(run_of_stats(stats, better), rows=table.rows, bad=(*table.bad, *better.bad))
    over_time = _OverTime(table.points)
    made = [over_time.endpoint(key) for key in over_time.keys]
    limits = LIMITS + (_AS_ONE if over_time.keys == [TOTAL] else _FROM_WINDOWS)
    span = (over_time.started, over_time.ended)
    return _run(path, _HISTORY, table, made, span, limits, over_time.users)


class _OverTime:
    """A history, endpoint by endpoint. After a reset of Locust's statistics only what follows counts."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points: dict[Key, list[Point]] = {}
        for point in sorted(points, key=lambda each: each.at):
            kept = self._points.setdefault(point.key, [])
            if kept and point.endpoint.requests < kept[-1].endpoint.requests:
                kept.clear()
            kept.append(point)
        self.keys = [key for key in self._points if key != TOTAL] or [TOTAL]
        kept = self._points.get(TOTAL) or max(self._points.values(), key=len)
        self.users = tuple((float(point.at), point.users) for point in kept)
        idle = [point.at for point in kept if not point.endpoint.requests]
        self.started = float(max(idle, default=kept[0].at - 1))
        self.ended = float(max(kept[-1].at, self.started + 1))

    def spread(self, key: Key, endpoint: PlainEndpoint) -> PlainEndpoint:
        """Return the endpoint with its requests over the seconds as the history has them."""
        added = self._added(self._points.get(key) or self._points.get(TOTAL, []))
        total, done, before = sum(added.values()), 0, 0
        seconds: dict[int, int] = {}
        for second, count in added.items():
            done += count
            seconds[second] = endpoint.requests * done // total - before
            before += seconds[second]
        return replace(endpoint, per_second={second: count for second, count in seconds.items() if count})

    def endpoint(self, key: Key) -> PlainEndpoint:
        """Return the endpoint at the end of the history."""
        points = self._points[key]
        last = points[-1].endpoint
        steps = last.steps if self.keys == [TOTAL] else _put_together(points)
        return self.spread(key, replace(last, steps=steps))

    def _added(self, points: Sequence[Point]) -> dict[int, int]:
        """Return the requests that came between one row and the next, by the second in which they began at least."""
        added: dict[int, int] = {}
        before = 0
        for point in points:
            second = max(point.at - 1, int(self.started))
            added[second] = added.get(second, 0) + point.endpoint.requests - before
            before = point.endpoint.requests
        return added


def _put_together(points: Sequence[Point]) -> Steps:
    """Return one distribution of rows that each tell the last ten seconds; a row without figures joins the next."""
    steps: dict[float, int] = {}
    mean = points[-1].endpoint.total_time / max(points[-1].endpoint.requests, 1)
    known: tuple[tuple[float, float], ...] = ((0.5, mean),)
    before = 0
    told = [point for point in points if any(latency for _, latency in point.percentiles)]
    for point in [*told, points[-1]]:
        known = point.percentiles if point in told else known
        for latency, count in steps_of(known, point.endpoint.requests - before):
            steps[latency] = steps.get(latency, 0) + count
        before = point.endpoint.requests
    return tuple(sorted(steps.items()))


def _run(  # noqa: PLR0917  what both files hand over
    path: Path,
    suffix: str,
    table: StatsTable,
    endpoints: Sequence[PlainEndpoint],
    span: tuple[float, float],
    limits: str,
    users: tuple[tuple[float, int], ...],
) -> PlainRun:
    texts = read_failures(path.with_name(path.name.removesuffix(suffix) + _FAILURES)) if _named(path, suffix) else {}
    called = [replace(each, errors=texts.get((each.method, each.name), {})) for each in endpoints if each.requests]
    return PlainRun("locust-csv", tuple(called), *span, limits, users, table.rows, table.bad)


def _without_total(points: Sequence[Point]) -> Sequence[Point]:
    return [point for point in points if point.key != TOTAL] or points


def _named(path: Path, suffix: str) -> bool:
    return path.name.endswith(suffix)


def _beside(path: Path, suffix: str, other: str) -> tuple[Point, ...]:
    """Return the points of the history beside a file; none when there is none that can be read."""
    history = path.with_name(path.name.removesuffix(suffix) + other)
    if not _named(path, suffix) or not history.is_file():
        return ()
    try:
        with RowReader(history) as reader:
            return read_points(reader).points if "Timestamp" in reader.header else ()
    except PerfError:
        return ()
