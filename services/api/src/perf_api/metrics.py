"""Metrics of the service, and the pure-ASGI middleware that measures requests and applies faults."""

import asyncio
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from perf_api.faults import Faults

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        """Register them in a registry of their own."""
        self.registry = CollectorRegistry()
        self.duration = Histogram(
            "http_server_request_duration_seconds",
            "Time from the arrival of a request to the start of its answer.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.active = Gauge("http_server_active_requests", "Requests being served now.", registry=self.registry)
        self.cache = Counter(
            "cache_requests", "Lookups in a cache by their result.", ("cache", "result"), registry=self.registry
        )
        self.cache_entries = Gauge("cache_entries", "Entries in a cache now.", ("cache",), registry=self.registry)


class MeasuringMiddleware:
    """Measures every request by its route template, never by its path; a fault delays the start of the answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics, faults: Faults) -> None:
        """Wrap an application."""
        self._app, self._metrics, self._faults = app, metrics, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, method = time.perf_counter(), scope["method"]

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "unknown")
                factor = self._faults.slowdown(method, route)
                if factor > 1:
                    await asyncio.sleep((time.perf_counter() - began) * (factor - 1))
                labels = self._metrics.duration.labels(method, route, str(message["status"]))
                labels.observe(time.perf_counter() - began)
            await send(message)

        with self._metrics.active.track_inprogress():
            await self._app(scope, receive, measured)
