"""Stands for a service of your own: a shop of a few routes over the standard library, with a login."""

import argparse
import json
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "let-me-in"  # noqa: S105  an example
ITEMS = [{"id": at, "name": f"item {at}", "price": 100 + at} for at in range(50)]


class Shop(BaseHTTPRequestHandler):
    """Answers requests; `slower` seconds late each, to have something to find."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    slower = 0.0

    def do_GET(self) -> None:
        """List the items, or show one."""
        if self.path == "/items":
            self._answer(HTTPStatus.OK, ITEMS)
        elif self.path.startswith("/items/") and self.path[7:].isdigit() and int(self.path[7:]) < len(ITEMS):
            self._answer(HTTPStatus.OK, ITEMS[int(self.path[7:])])
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"there is no {self.path}"})

    def do_POST(self) -> None:
        """Sign in, or order."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self.path == "/login":
            self._answer(HTTPStatus.OK, {"token": TOKEN})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(HTTPStatus.UNAUTHORIZED, {"error": "sign in first"})
        else:
            self._answer(HTTPStatus.CREATED, {"ordered": body.get("item")})

    def _answer(self, status: HTTPStatus, document: object) -> None:
        time.sleep(self.slower)
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Write no line per request."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--slower", type=float, default=0.0, help="seconds that each answer takes longer")
    options = parser.parse_args()
    Shop.slower = options.slower
    ThreadingHTTPServer(("127.0.0.1", options.port), Shop).serve_forever()
