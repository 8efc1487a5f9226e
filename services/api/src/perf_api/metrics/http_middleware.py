"""Measures every HTTP request, as plain ASGI: a `BaseHTTPMiddleware` would triple the cost of a cached read."""

import asyncio
from collections.abc import Awaitable
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from perf_api.metrics.durations import Durations
from perf_api.metrics.registry import Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
"""Label of requests that reached no route: a path of a client must never become a label."""
CLIENT_GONE = 499
"""Status by which a request counts that was cancelled before its answer began."""


class MeasuringMiddleware:
    """Counts and times requests by method, route template and status; stands outside of all that answers."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap an application."""
        self._app = app
        self._durations = metrics.request_duration
        self._bound: dict[tuple[str, str, int], Durations] = {}
        self._active = 0
        metrics.active_requests.set_function(lambda: self._active)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a lifespan passes through unmeasured."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        def note_status(message: Message) -> Awaitable[None]:  # no coroutine of its own for each message
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        began = perf_counter()
        self._active += 1
        try:
            await self._app(scope, receive, note_status)
        except asyncio.CancelledError:
            status = CLIENT_GONE
            raise
        finally:
            self._active -= 1
            self._series(scope, status).observe(perf_counter() - began)

    def _series(self, scope: Scope, status: int) -> Durations:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        key = (scope["method"], route, status)
        series = self._bound.get(key)
        if series is None:
            method = key[0] if key[0] in METHODS else "OTHER"
            series = self._durations.labels(method, route, str(status))
            if method == key[0]:
                self._bound[key] = series
        return series
