"""One row per request as `locust.contrib.csv_request_logger` writes it: START in Unix seconds, milliseconds.

The files of Locust's own option `--csv` hold rounded summaries, not requests: `statistics_reader` reads those.
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
    numbers,
)
from perf_core.model.frame import FrameKey
from perf_core.units import seconds_from_ms

_COLUMNS = (
    "timestamp",
    "request_type",
    "name",
    "response_time_ms",
    "response_length",
    "status_code",
    "exception",
)


def _parser(table: KeyTable) -> Parser:
    ids = table.memo(_key)

    def parse(columns: Callable[[str], list[str]]) -> Requests:
        stamps, texts = columns("timestamp"), columns("response_time_ms")
        starts, durations = numbers(stamps), seconds_from_ms(1.0) * numbers(texts)
        faults = columns("exception")
        failed = ["1" if fault else "" for fault in faults]
        keys = ids(
            zip(columns("request_type"), columns("name"), columns("status_code"), failed, strict=True), len(starts)
        )
        unreadable = np.isnan(durations) & np.array([text != "" for text in texts])
        checks = (
            (~np.isfinite(starts), lambda row: f"timestamp {stamps[row]!r} is not a number"),
            (unreadable, lambda row: f"response_time_ms {texts[row]!r} is not a number"),
        )
        return checked(table, starts, durations, columns("response_length"), keys, checks, faults)

    return parse


def _key(method: str, name: str, status: str, failed: str) -> FrameKey:
    error_class = ""
    if failed:
        error_class = f"HTTP {int(status)}" if status.isdigit() and int(status) >= 400 else "failed"
    return FrameKey(method.strip(), name.strip() or NO_NAME, error_class)


LOCUST_CSV = ResultFormat(
    "locust-csv",
    required=("timestamp", "request_type", "name", "response_time_ms"),
    usual=_COLUMNS,
    parser=_parser,
)
