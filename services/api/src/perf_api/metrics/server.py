"""Serves the metrics on a port of their own, from a thread: a scrape is answered while the event loop is busy."""

from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry, start_http_server


class MetricsPortError(ValueError):
    """Raised when the metrics port cannot be opened; the message names the setting."""


class MetricsServer:
    """An open metrics port; a context manager that closes it."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        """Open the port; 0 takes a free one.

        Raises:
            MetricsPortError: it is taken, or the host is none of this machine's.
        """
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as cause:
            raise MetricsPortError(
                f"metrics cannot be served on {host}:{port} ({cause.strerror or cause}); "
                "choose another port with --metrics-port or PERF_API_METRICS_PORT"
            ) from cause
        self.port = int(self._server.server_port)

    def close(self) -> None:
        """Close the port; a scrape that is being answered is finished."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return the open port."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port."""
        self.close()
