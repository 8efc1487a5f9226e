"""What a route answers when something cannot be done."""

from flask import Response, jsonify

from perf_core.errors import PerfError, RunNotFoundError


def refused(cause: PerfError) -> tuple[Response, int]:
    """Return the answer: the sentence and the exit code that a command would end with."""
    status = 404 if isinstance(cause, RunNotFoundError) else 422
    return jsonify(error=str(cause), exit_code=cause.exit_code), status
