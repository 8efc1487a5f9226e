"""`*_stats.csv` and `*_stats_history.csv` of `locust --csv`: the rows of both as one kind of point."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from perf_core.adapters.imported import BadRow
from perf_core.adapters.plain_locust import PlainEndpoint, steps_of
from perf_core.adapters.result_rows import RowReader
from perf_core.errors import ResultsError
from perf_core.units import seconds_from_ms

TOTAL = ("", "Aggregated")
STATS = ("Type", "Name", "Request Count", "Failure Count", "Average Response Time")
HISTORY = ("Timestamp", "Type", "Name", "Total Request Count", "Total Failure Count", "Total Average Response Time")
FAILURES = ("Method", "Name", "Error", "Occurrences")
_LAST_SECOND = 2**32
_MOST_REQUESTS = 10**12


@dataclass(frozen=True, slots=True)
class Point:
    """One row: the totals of an endpoint up to a moment. Latencies in seconds.

    Attributes:
        key: method and name.
        at: Unix seconds; 0 in `*_stats.csv`, which has no moment.
        users: users at that moment.
        endpoint: the totals, its steps from the percentiles of the row.
        percentiles: quantile and latency; empty when nothing was measured.
        rate: requests per second of the whole run; 0 in the history.
    """

    key: tuple[str, str]
    at: int
    users: int
    endpoint: PlainEndpoint
    percentiles: tuple[tuple[float, float], ...]
    rate: float


@dataclass(frozen=True, slots=True)
class StatsTable:
    """The rows of one file."""

    points: tuple[Point, ...]
    rows: int
    bad: tuple[BadRow, ...]


def read_points(reader: RowReader) -> StatsTable:
    """Return the points of either file; a row that cannot be read is bad."""
    bad: list[BadRow] = []
    points, rows = [], 0
    prefix = "Total " if "Timestamp" in reader.header else ""
    for line, row in _rows(reader, bad):
        rows += 1
        try:
            points.append(_point(row, prefix))
        except (ResultsError, ValueError, OverflowError) as cause:
            bad.append(BadRow(line, str(cause)))
    return StatsTable(tuple(points), rows, tuple(bad))


def read_failures(path: Path) -> dict[tuple[str, str], dict[str, int]]:
    """Return the error texts of `*_failures.csv` by endpoint; none when there is no such file."""
    texts: dict[tuple[str, str], dict[str, int]] = {}
    if not path.is_file():
        return texts
    with RowReader(path) as reader:
        if not set(FAILURES) <= set(reader.header):
            return texts
        for _, row in _rows(reader, []):
            if row["Occurrences"].isdigit():
                of_key = texts.setdefault((row["Method"], row["Name"]), {})
                of_key[row["Error"]] = of_key.get(row["Error"], 0) + int(row["Occurrences"])
    return texts


def _rows(reader: RowReader, bad: list[BadRow]) -> Iterator[tuple[int, dict[str, str]]]:
    reject = lambda line, reason: bad.append(BadRow(line, reason))  # noqa: E731
    for chunk in reader.chunks(with_first=False, reject=reject):
        for at, line in enumerate(chunk.lines):
            yield line, dict(zip(reader.header, chunk.row(at), strict=True))


def _point(row: dict[str, str], prefix: str) -> Point:
    requests, failures = (_count(row, f"{prefix}{name} Count") for name in ("Request", "Failure"))
    mean, low, high = (
        seconds_from_ms(_number(row, f"{prefix}{name} Response Time")) for name in ("Average", "Min", "Max")
    )
    percentiles = tuple(
        (float(name[:-1]) / 100, seconds_from_ms(float(value)))
        for name, value in row.items()
        if name.endswith("%") and value not in {"N/A", ""}
    )
    if any(not 0 <= q <= 1 or not 0 <= latency < math.inf for q, latency in percentiles):
        raise ResultsError("a percentile is negative, infinite or above 100 %")
    key = (row["Type"].strip(), row["Name"].strip())
    endpoint = PlainEndpoint(
        *key,
        requests,
        failures,
        steps_of(percentiles, requests) if requests else (),
        mean * requests,
        low,
        high,
        round(_number(row, f"{prefix}Average Content Size") * requests),
    )
    at = _count(row, "Timestamp") if prefix else 0
    if not 0 <= at < _LAST_SECOND:
        raise ResultsError(f"Timestamp {at} is no time in Unix seconds")
    users = _count(row, "User Count") if row.get("User Count") else 0
    return Point(key, at, users, endpoint, percentiles, 0.0 if prefix else _number(row, "Requests/s"))


def _count(row: dict[str, str], name: str) -> int:
    value = int(float(row[name]))
    if not 0 <= value < _MOST_REQUESTS:
        raise ResultsError(f"{name} {row[name]!r} is out of range")
    return value


def _number(row: dict[str, str], name: str) -> float:
    text = row.get(name) or "0"
    value = float(text)
    if not 0 <= value < math.inf:
        raise ResultsError(f"{name} {text!r} is negative or no number")
    return value
