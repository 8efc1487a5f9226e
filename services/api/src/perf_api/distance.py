"""Distance on demand: every answer of the API takes longer, as if service or database were not on this machine."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

FAR = "/v1/"
"""Where requests go that are far away; health, documentation and administration stay near."""


class DistanceMiddleware:
    """Waits before each request to the API; installed only where there is a distance."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        """Wrap an application; a request waits so many seconds."""
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith(FAR):
            await asyncio.sleep(self._seconds)
        await self._app(scope, receive, send)
