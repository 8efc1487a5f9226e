"""The exporter's HTTP server: /metrics, /healthz, and a page that says where they are."""

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from perf_exporter.scrape import Scrape

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
ASKED_TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"
MARGIN = 0.8
"""Share of Prometheus's own timeout that the master may take; the rest is for writing and sending the page."""
IDLE = 30.0
"""Seconds after which a connection that says nothing is closed."""
_INDEX = b"""<!doctype html><title>perf-exporter</title><h1>perf-exporter</h1>
<p><a href="metrics">Metrics</a> of the Locust master, <a href="healthz">health</a> of this process.</p>"""


class ExporterServer(ThreadingHTTPServer):
    """Serves scrapes, each in a thread of its own."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int, scrape: Scrape, timeout: float) -> None:
        """Listen; a scrape waits `timeout` seconds for the master, or less when Prometheus asks for it."""
        self.scrape, self.scrape_timeout = scrape, timeout
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Address of the server."""
        host, port = self.server_address[:2]
        name = str(host)
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


class _Handler(BaseHTTPRequestHandler):
    server: ExporterServer
    protocol_version = "HTTP/1.1"
    server_version = "perf-exporter"
    sys_version = ""
    timeout: ClassVar[float] = IDLE

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(200, TEXT_FORMAT, self.server.scrape.page(self._seconds()))
        elif path == "/healthz":
            self._answer(200, "text/plain; charset=utf-8", b"ok\n")
        elif path == "/":
            self._answer(200, "text/html; charset=utf-8", _INDEX)
        else:
            self._answer(404, "text/plain; charset=utf-8", b"nothing here; metrics are at /metrics\n")

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing of single scrapes."""

    def _seconds(self) -> float:
        try:
            asked = float(self.headers.get(ASKED_TIMEOUT, "inf")) * MARGIN
        except ValueError:
            asked = float("inf")
        return min(self.server.scrape_timeout, asked) if asked > 0 else self.server.scrape_timeout

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
