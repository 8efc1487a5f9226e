"""JMeter's JTL as CSV: `timeStamp` is the START in Unix milliseconds, `elapsed` is in milliseconds.

A label like ``GET /items`` becomes method and name, so that a JMeter run pairs with one of Locust; every other label
is a name without a method. Rows of transaction controllers are endpoints of their own, as in JMeter's reports.
Without `success` the code decides; a row that has neither does not say that it failed.
"""

from collections.abc import Callable

import numpy as np

from perf_core.adapters.result_format import (
    KeyTable,
    Parser,
    Requests,
    ResultFormat,
    checked,
    moments,
    numbers,
    split_label,
)
from perf_core.model.frame import FrameKey
from perf_core.units import seconds_from_ms

_MILLISECONDS = seconds_from_ms(1.0)
_EXCEPTION = "Non HTTP response code"
_COLUMNS = (
    "timeStamp",
    "elapsed",
    "label",
    "responseCode",
    "responseMessage",
    "threadName",
    "dataType",
    "success",
    "failureMessage",
    "bytes",
    "sentBytes",
    "grpThreads",
    "allThreads",
    "URL",
    "Latency",
    "IdleTime",
    "Connect",
)


def _parser(table: KeyTable) -> Parser:
    ids = table.memo(_key)

    def parse(columns: Callable[[str], list[str]]) -> Requests:
        stamps, texts = columns("timeStamp"), columns("elapsed")
        starts, durations = _starts(stamps), _MILLISECONDS * numbers(texts)
        keys = ids(zip(columns("label"), columns("success"), columns("responseCode"), strict=True), len(starts))
        checks = (
            (~np.isfinite(starts), lambda row: f"timeStamp {stamps[row]!r} is neither milliseconds nor a date"),
            (~np.isfinite(durations), lambda row: f"elapsed {texts[row]!r} is not a number"),
        )
        messages = zip(columns("failureMessage"), columns("responseMessage"), strict=True)
        told = [failure or message for failure, message in messages]
        return checked(table, starts, durations, columns("bytes"), keys, checks, told)

    return parse


def _starts(stamps: list[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    numeric = _MILLISECONDS * numbers(stamps)
    return np.where(np.isnan(numeric), moments(stamps), numeric) if np.isnan(numeric).any() else numeric


def _key(label: str, success: str, code: str) -> FrameKey | str:
    answer = success.strip().lower()
    if answer not in {"true", "false", ""}:
        return f"success is {success!r}, not true or false"
    method, name = split_label(label)
    code = code.strip()
    failed = answer == "false" or (not answer and code != "" and not (code.isdigit() and int(code) < 400))
    return FrameKey(method, name, _error_class(code) if failed else "")


def _error_class(code: str) -> str:
    if code.isdigit():
        return f"HTTP {int(code)}" if int(code) >= 400 else "failed check"
    if code.startswith(_EXCEPTION):
        kind = code.rpartition(".")[2].strip() or "error"
        return "timeout" if "timeout" in kind.lower() else "connection" if "connect" in kind.lower() else kind[:60]
    return "failed check" if not code else code[:60]


JTL = ResultFormat("jtl", required=("timeStamp", "elapsed", "label"), usual=_COLUMNS, parser=_parser)
