"""HTTP as uvicorn speaks it, except that it tells malformed requests as problems too."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from perf_api.http.problems import MEDIA_TYPE, ProblemError, respond


class Protocol(HttpToolsProtocol):
    """Answers bytes that are no HTTP request: the application never sees them."""

    def send_400_response(self, msg: str) -> None:
        """Answer and close the connection."""
        scope: dict[str, Any] = {"path": ""}
        body = bytes(respond(scope, ProblemError("bad-request", msg)).body)
        head = f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + body)
        self.transport.close()
