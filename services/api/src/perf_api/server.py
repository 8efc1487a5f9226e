"""The HTTP server: uvicorn, with an end that loses no request."""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from perf_api.operations import Operations

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Drains on SIGTERM: not ready at once, serving on with `Connection: close`, then deaf, then gone.

    uvicorn by itself stops listening at once, resets connections that wait to be accepted, and closes idle ones that
    may carry a request already.
    """

    def __init__(self, config: uvicorn.Config, operations: Operations, drain: float, linger: float) -> None:
        """Serve for `drain` seconds after SIGTERM, then wait at most `linger` seconds for open connections."""
        super().__init__(config)
        self._operations, self._drain, self._linger = operations, drain, linger
        self._drained = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  uvicorn's signature
        """Begin to drain; a second signal, or Ctrl-C, ends at once. The exit status is 0 either way."""
        if self._operations.draining or sig == signal.SIGINT:
            self._drain = self._linger = 0.0
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self._operations.draining = True
        self._drained = time.monotonic() + self._drain

    async def on_tick(self, counter: int) -> bool:
        """Say whether to stop; called ten times a second."""
        self.should_exit |= time.monotonic() >= self._drained
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, answer what still comes on open connections, then let uvicorn close."""
        await self._stop_listening(sockets or [])
        limit = time.monotonic() + self._linger
        while self.server_state.connections and time.monotonic() < limit:  # noqa: ASYNC110  uvicorn has no event
            await asyncio.sleep(0.05)
        await super().shutdown([])

    async def _stop_listening(self, sockets: list[socket.socket]) -> None:
        """Close the listening sockets, and serve the connections that wait in their queues first."""
        kept = [listening.dup() for listening in sockets]
        for server in self.servers:
            server.close()
        for listening in sockets:
            listening.close()
        for listening in kept:
            listening.setblocking(False)  # noqa: FBT003
            await self._accept_waiting(listening)
            listening.close()

    async def _accept_waiting(self, listening: socket.socket) -> None:
        """Serve the connections in a queue; return when it is empty, so that it can be closed at once."""
        loop, limit = asyncio.get_running_loop(), time.monotonic() + self._linger
        while time.monotonic() < limit:
            try:
                connection, _ = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                log.warning("accept.failed", extra={"error": str(error)})  # out of file handles: some are given back
                await asyncio.sleep(0.01)
                continue
            connection.setblocking(False)  # noqa: FBT003
            await loop.connect_accepted_socket(self._protocol(), connection)

    def _protocol(self) -> Callable[[], asyncio.Protocol]:
        config, state = self.config, self.lifespan.state
        protocol: Callable[..., asyncio.Protocol] = config.http_protocol_class
        return lambda: protocol(config=config, server_state=self.server_state, app_state=state)
