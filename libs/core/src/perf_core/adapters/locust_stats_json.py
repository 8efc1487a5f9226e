"""What `locust --json` and `--json-file` write: one object per endpoint, with a rounded histogram."""

import json
from pathlib import Path
from typing import Any

from perf_core.adapters.imported import BadRow
from perf_core.adapters.plain_locust import PlainEndpoint, PlainRun
from perf_core.adapters.result_rows import opened
from perf_core.errors import ResultsError
from perf_core.units import seconds_from_ms

LIMITS = "a histogram of the whole run in two digits, failed requests included, and no single request"
_LAST_SECOND = 2**32
_LARGEST = 200_000_000
"""Bytes; a thousand endpoints of a day's run have less."""


def read_json_statistics(path: Path) -> PlainRun | None:
    """Return the run of the file; None when it is no JSON of Locust's.

    Raises:
        ResultsError: it is, and holds no request.
    """
    try:
        if path.stat().st_size > _LARGEST:
            return None
        with opened(path) as text:
            document = json.load(text)
    except (OSError, EOFError, ValueError, RecursionError):
        return None
    if not isinstance(document, list) or not any("num_requests" in each for each in document if _is_object(each)):
        return None
    return _run(path, document)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _run(path: Path, document: list[Any]) -> PlainRun:
    endpoints, bad, starts, ends = [], [], [], []
    for number, raw in enumerate(document, 1):
        try:
            endpoint = _endpoint(raw)
            if not endpoint.requests:
                continue
            start, end = _span(raw)
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError, ResultsError) as cause:
            bad.append(BadRow(number, f"entry {number}: {_said(cause)}"))
            continue
        endpoints.append(endpoint)
        starts.append(start)
        ends.append(end)
    if not endpoints:
        raise ResultsError(f"{path} holds {len(document)} entries and no usable request")
    return PlainRun(
        "locust-json", tuple(endpoints), min(starts), max(ends), LIMITS, rows=len(document), bad=tuple(bad)
    )


def _said(cause: Exception) -> str:
    return f"{cause} is missing" if isinstance(cause, KeyError) else str(cause)


def _span(raw: dict[str, Any]) -> tuple[float, float]:
    start, end = float(raw["start_time"]), float(raw["last_request_timestamp"])
    if not (_is_time(int(start)) and start <= end and _is_time(int(end))):
        raise ResultsError(f"start_time {start} and last_request_timestamp {end} are no times")
    return start, end


def _is_time(second: int) -> bool:
    return 0 <= second < _LAST_SECOND


def _endpoint(raw: dict[str, Any]) -> PlainEndpoint:
    steps = sorted((seconds_from_ms(float(latency)), int(count)) for latency, count in raw["response_times"].items())
    if any(count < 0 or not 0 <= latency < float("inf") for latency, count in steps):
        raise ResultsError("a response time or its count is negative or infinite")
    return PlainEndpoint(
        str(raw["method"] or ""),
        str(raw["name"]),
        int(raw["num_requests"]),
        int(raw["num_failures"]),
        tuple((latency, count) for latency, count in steps if count),
        seconds_from_ms(float(raw["total_response_time"])),
        seconds_from_ms(float(raw["min_response_time"] or 0)),
        seconds_from_ms(float(raw["max_response_time"])),
        int(raw["total_content_length"]),
        {
            int(second): int(count)
            for second, count in raw["num_reqs_per_sec"].items()
            if count > 0 and _is_time(int(second))
        },
    )
