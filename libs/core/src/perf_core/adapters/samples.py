"""Our plain CSV, ``timestamp,method,name,duration,ok,bytes``: Unix seconds of the end, seconds, 0 or 1."""

from collections.abc import Callable

import numpy as np

from perf_core.adapters.result_format import KeyTable, Parser, Requests, ResultFormat, checked, numbers
from perf_core.model.frame import FrameKey

_CLASSES = {"1": "", "true": "", "0": "failed", "false": "failed"}


def _parser(table: KeyTable) -> Parser:
    ids = table.memo(_key)

    def parse(columns: Callable[[str], list[str]]) -> Requests:
        timestamps, texts = columns("timestamp"), columns("duration")
        ends, durations = numbers(timestamps), numbers(texts)
        keys = ids(zip(columns("method"), columns("name"), columns("ok"), strict=True), len(ends))
        checks = (
            (~np.isfinite(ends), lambda row: f"timestamp {timestamps[row]!r} is not a number"),
            (~np.isfinite(durations), lambda row: f"duration {texts[row]!r} is not a number"),
        )
        return checked(table, ends - durations, durations, columns("bytes"), keys, checks)

    return parse


def _key(method: str, name: str, ok: str) -> FrameKey | str:
    error_class = _CLASSES.get(ok.strip().lower())
    if error_class is None:
        return f"ok is {ok!r}, not 0 or 1"
    if not name.strip():
        return "the name is empty"
    return FrameKey(method.strip(), name.strip(), error_class)


SAMPLES = ResultFormat(
    "samples",
    required=("timestamp", "name", "duration", "ok"),
    usual=("timestamp", "method", "name", "duration", "ok", "bytes"),
    parser=_parser,
)
