"""Logs: one JSON object per line on standard output, each with the id of the request it belongs to."""

import asyncio
import json
import logging
import re
import sys
import time
from contextvars import ContextVar
from functools import lru_cache
from typing import TextIO

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message", "taskName"}
_FLUSH_AFTER = 0.1
_PLAIN = re.compile("[A-Za-z0-9/_.:-]*").fullmatch


class JsonFormatter(logging.Formatter):
    """Formats a record as JSON: time, level, logger, event, request id, and the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line: dict[str, object] = {
            "time": stamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line |= {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class AccessLog:
    """Writes one line per request, many at a time: a write for each would cost more than a cached answer."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to a stream, by default standard output."""
        self._stream = stream
        self._lines: list[str] = []

    def note(self, method: str, path: str, status: int, seconds: float, request_id: str) -> None:
        """Note one request; its query is left out, it may hold what is nobody's business."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_FLUSH_AFTER, self.flush)
        quoted = f'"{path}"' if _PLAIN(path) else json.dumps(path)
        self._lines.append(
            f'{{"time": "{stamp(time.time())}", "level": "info", "logger": "perf_api.access", "event": "request", '
            f'"request_id": "{request_id}", "method": "{method}", "path": {quoted}, "status": {status}, '
            f'"seconds": {seconds:.6f}}}\n'
        )

    def flush(self) -> None:
        """Write what was noted."""
        lines, self._lines = self._lines, []
        if lines:
            stream = self._stream or sys.stdout
            stream.write("".join(lines))
            stream.flush()


def configure(level: str) -> None:
    """Let all loggers write JSON to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("uvicorn.access").disabled = True
    for driver in ("pymongo", "motor", "asyncio"):
        logging.getLogger(driver).setLevel(logging.WARNING)


def stamp(seconds: float) -> str:
    """Return a time since 1970 as ISO 8601 in UTC, to the millisecond."""
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(whole: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
