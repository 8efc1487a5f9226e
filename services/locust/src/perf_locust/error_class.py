"""Failures put into few classes, because a class is a series and a label: never a text, a URL or an id."""

import socket
import ssl

MAX_CLASSES = 30
"""Distinct classes kept per endpoint; more of them are counted as "other"."""


def error_class(exception: object, response: object = None) -> str:
    """Return the class of a failure: "HTTP 503", "timeout", "connection", "tls", or the exception's type name."""
    if isinstance(exception, str):
        return "failed check"
    status = _status(response)
    cause = _innermost(exception)
    if isinstance(cause, TimeoutError | socket.timeout) or "timeout" in type(cause).__name__.lower():
        return "timeout"
    if isinstance(cause, ssl.SSLError):
        return "tls"
    if isinstance(cause, ConnectionError | socket.gaierror) or "connect" in type(cause).__name__.lower():
        return "connection"
    if status >= 400:
        return f"HTTP {status}"
    return type(exception).__name__ or "error"


def _status(response: object) -> int:
    for name in ("status_code", "status"):
        value = getattr(response, name, None)
        if isinstance(value, int):
            return value
    return 0


def _innermost(exception: object) -> object:
    seen = exception
    for _ in range(5):
        arguments = getattr(seen, "args", ())
        inner = (
            getattr(seen, "__cause__", None)
            or getattr(seen, "original", None)
            or (arguments[0] if arguments else None)
        )
        if not isinstance(inner, BaseException):
            break
        seen = inner
    return seen
