"""The running service: API port, metrics port, logs, and an orderly end."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import uvicorn

from perf_api import logs
from perf_api.adapters.factory import open_database
from perf_api.app import create_app
from perf_api.metrics.registry import Metrics
from perf_api.metrics.server import MetricsServer
from perf_api.protocol import Protocol
from perf_api.server import Server
from perf_api.settings import Settings

log = logging.getLogger(__name__)

_BACKLOG = 2048
_LONGEST_END = 14.0
_LONGEST_LINGER = 5.0


@dataclass(frozen=True, slots=True)
class End:
    """How long an end takes after draining, in seconds: waiting for open connections, then for requests in flight."""

    linger: float
    finish: int


def end_of(drain: float, deadline: float) -> End:
    """Divide what is left of the 15 seconds an end may take; requests in flight come first."""
    left = _LONGEST_END - drain
    finish = max(1, int(min(deadline + 1.0, left)))
    return End(min(deadline, _LONGEST_LINGER, max(left - finish, 0.0)), finish)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; every request on an accepted connection is answered first.

    Raises:
        OSError, MetricsPortError: a port cannot be opened.
        DatabaseUrlError, DatabaseInUseError, DatabaseFileError: the database cannot be opened.
    """
    logs.configure(settings.log_level)
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        runner.run(_serve(settings))
    log.info("service.stopped")


async def _serve(settings: Settings) -> None:
    metrics, end = Metrics(), end_of(settings.drain, settings.deadline)
    listening = _listen(settings.host, settings.port)
    with MetricsServer(settings.host, settings.metrics_port, metrics.registry) as metrics_server:
        app = create_app(settings, metrics, open_database(settings.database, settings.sqlite_synchronous))
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            http=Protocol,
            ws="none",
            server_header=False,
            timeout_keep_alive=max(1, int(settings.keep_alive)),
            timeout_graceful_shutdown=end.finish,
        )
        server = Server(config, app.state.operations, settings.drain, end.linger)
        ports = {"port": listening.getsockname()[1], "metrics_port": metrics_server.port}
        log.info("service.starting", extra={"host": settings.host, **ports})
        await server.serve([listening])


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        OSError: the port is taken, or the host is none of this machine's; the message names the settings.
    """
    try:
        family, kind, protocol, _, address = _addresses(host, port)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as cause:
        raise OSError(
            f"the API cannot be served on {host}:{port} ({cause.strerror or cause}); "
            "choose others with --host and --port, or PERF_API_HOST and PERF_API_PORT"
        ) from cause
    listening.setblocking(False)  # noqa: FBT003
    return listening


def _addresses(host: str, port: int) -> Sequence[tuple[int, int, int, str, tuple[object, ...]]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
