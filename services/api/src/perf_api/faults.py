"""Faults on demand: one route made slower by a factor, for proving that a regression is found."""

import asyncio
import time
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(slots=True)
class Faults:
    """Slowdowns by (method, route template); refused unless the settings enable them."""

    enabled: bool
    slowdowns: dict[tuple[str, str], float] = field(default_factory=dict)

    def slowdown(self, method: str, route: str) -> float:
        """Return the factor of a route, 1.0 when it has none."""
        return self.slowdowns.get((method, route), 1.0)


class FaultMiddleware:
    """Delays the start of an answer by its route's fault; installed only where faults are enabled."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        """Wrap an application."""
        self._app, self._faults = app, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        began = time.perf_counter()

        async def delayed(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "")
                factor = self._faults.slowdown(scope["method"], route)
                if factor > 1:
                    await asyncio.sleep((time.perf_counter() - began) * (factor - 1))
            await send(message)

        await self._app(scope, receive, delayed)
