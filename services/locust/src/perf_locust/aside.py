"""How routes work with the volume of the runs: beside the event loop, and errors become answers."""

from collections.abc import Callable
from typing import TypeVar

import gevent
from flask import Response, jsonify

from perf_core.errors import PerfError, RunNotFoundError

T = TypeVar("T")


def apart(work: Callable[[], T]) -> T:
    """Do it in a native thread: reading a volume on the event loop would delay every user of a run that is on."""
    result: T = gevent.get_hub().threadpool.apply(work)
    return result


def refused(cause: PerfError) -> tuple[Response, int]:
    """Return the answer to what cannot be done."""
    status = 404 if isinstance(cause, RunNotFoundError) else 422
    return jsonify(error=str(cause), exit_code=cause.exit_code), status
