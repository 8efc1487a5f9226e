"""Distance on demand: every answer of the API takes longer, as if service or database were not on this machine."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

FAR, NEAR = "/v1/", "/v1/metrics-controller"
"""Where requests go that are far away, and what of it stays near, as health, documentation and administration do."""


class DistanceMiddleware:
    """Waits before each request to the API; installed only where there is a distance."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        """Wrap an application; a request waits so many seconds."""
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and _is_far(scope["path"]):
            await asyncio.sleep(self._seconds)
        await self._app(scope, receive, send)


def _is_far(path: str) -> bool:
    return path.startswith(FAR) and not path.startswith(NEAR)
