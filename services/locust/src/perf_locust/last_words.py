"""The one sentence a Locust that cannot run ends with: what happened, where in the user's file, and the remedy."""

import errno
import linecache
import sys
import traceback
from pathlib import Path

from perf_core.errors import PerfError

SENTENCE = "perf-platform: "
"""Stands before the sentence, so that `perf-platform run` finds it in the log."""
FAILED = 5
NOT_LOADED = "the locustfile does not load"


def leave(cause: BaseException) -> None:
    """Say why on stderr and end the process with the exit code that belongs to it."""
    sys.stderr.write(f"{SENTENCE}{explain(cause)}\n")
    sys.stderr.flush()
    sys.exit(cause.exit_code if isinstance(cause, PerfError) else FAILED)


def explain(cause: BaseException) -> str:
    """Return the sentence."""
    if isinstance(cause, PerfError):
        return str(cause)
    words = " ".join(str(cause).split())
    if isinstance(cause, SyntaxError) and cause.filename:
        where = f"{_short(cause.filename)}, line {cause.lineno}"
        return f"{NOT_LOADED}: SyntaxError: {cause.msg} ({where}); correct it"
    if getattr(cause, "errno", None) == errno.EADDRINUSE or "Address already in use" in words:
        return f"the port is taken ({words}); choose another, or end what listens there"
    place = _place(cause)
    if place is not None:
        return f"{NOT_LOADED}: {type(cause).__name__}: {words} ({place}); correct it"
    return f"Locust failed: {type(cause).__name__}: {words}"


def _place(cause: BaseException) -> str | None:
    """Return the innermost line that is the user's own, not a library's."""
    for frame in reversed(traceback.extract_tb(cause.__traceback__)):
        path = Path(frame.filename)
        if "site-packages" not in path.parts and path.suffix == ".py" and linecache.getline(frame.filename, 1):
            if path.is_relative_to(Path(sys.base_prefix)) or path.is_relative_to(Path(__file__).parent):
                continue
            return f"{_short(frame.filename)}, line {frame.lineno}"
    return None


def _short(name: str) -> str:
    path = Path(name)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
