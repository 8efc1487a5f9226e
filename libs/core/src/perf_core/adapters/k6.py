"""k6's CSV output: one row per metric and moment; the rows of `http_req_duration` are the requests.

`timestamp` is the END of a request, in Unix seconds by default (k6 can write other units and dates), `metric_value`
its duration in milliseconds. Requests are grouped by the tags `method` and `name`, which is the URL unless the script
sets it; the query of a URL is cut off.
"""

from collections.abc import Callable

import numpy as np

from perf_core.adapters.result_format import (
    NO_NAME,
    KeyTable,
    Parser,
    Requests,
    ResultFormat,
    checked,
    moments,
    numbers,
)
from perf_core.model.frame import FrameKey
from perf_core.model.histogram import FloatArray
from perf_core.units import seconds_from_ms

METRICS = frozenset({"http_req_duration", "grpc_req_duration"})
_FAULTS = {"1050": "timeout", "1210": "connection", "1211": "timeout", "1212": "connection", "1220": "connection"}
_TAGS = ("method", "name", "url", "status", "error_code", "expected_response")


def _parser(table: KeyTable) -> Parser:
    ids = table.memo(_key)

    def parse(columns: Callable[[str], list[str]]) -> Requests:
        stamps, texts = columns("timestamp"), columns("metric_value")
        ends, durations = _seconds(moments(stamps)), seconds_from_ms(1.0) * numbers(texts)
        keys = ids(zip(*map(columns, _TAGS), strict=True), len(ends))
        checks = (
            (~np.isfinite(ends), lambda row: f"timestamp {stamps[row]!r} is neither a number nor a date"),
            (~np.isfinite(durations), lambda row: f"metric_value {texts[row]!r} is not a number"),
        )
        no_sizes = [""] * len(ends)
        return checked(table, ends - durations, durations, no_sizes, keys, checks, columns("error"))

    return parse


def _seconds(stamps: FloatArray) -> FloatArray:
    """Return Unix seconds of times in seconds, milli-, micro- or nanoseconds, told apart by their size."""
    scale = np.select([stamps > 1e17, stamps > 1e14, stamps > 1e11], [1e9, 1e6, 1e3], 1.0)
    return np.asarray(stamps / scale)


def _key(  # noqa: PLR0917  one argument per tag
    method: str, name: str, url: str, status: str, error_code: str, expected: str
) -> FrameKey:
    shown = (name or url).strip()
    if "://" in shown:
        shown = shown.partition("?")[0]
    return FrameKey(method.strip(), shown or NO_NAME, _error_class(status.strip(), error_code.strip(), expected))


def _error_class(status: str, error_code: str, expected: str) -> str:
    answered = status.isdigit() and 100 <= int(status) < 400
    if expected.strip().lower() == "true" or (not expected.strip() and not error_code and (answered or not status)):
        return ""
    if status.isdigit() and int(status) >= 400:
        return f"HTTP {int(status)}"
    if not error_code:
        return "failed check" if answered else "error"
    return _FAULTS.get(error_code, f"k6 error {error_code}")


K6 = ResultFormat("k6", required=("metric_name", "timestamp", "metric_value"), usual=(), parser=_parser)
