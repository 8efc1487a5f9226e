"""HTTP/1.1 responses out of bytes, by llhttp.

One parser lives as long as its connection. It hands over one message at a time: interim responses (1xx) are passed
over, trailers are dropped.
"""

from geventhttpclient.response import HTTPParseError
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser


class ResponseParser:
    """Parses the responses of one connection, one after another."""

    __slots__ = (
        "_body",
        "_headers_complete",
        "_parser",
        "_without_body",
        "began",
        "body",
        "complete",
        "headers",
        "reusable",
        "status",
    )

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.reusable = True

    def begin(self, method: str) -> None:
        """Expect the response to a request of that method."""
        self._without_body = method == "HEAD"
        self._body: list[bytes] = []
        self._headers_complete = self.complete = self.began = False
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.status = 0

    def feed(self, data: bytes) -> None:
        """Parse what has arrived; `complete` says whether the message is.

        Raises:
            HTTPParseError: this is no HTTP response.
        """
        self.began = True
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._finish(reusable=False)
        except HttpParserError as cause:
            if not (self.complete and self._without_body):
                raise HTTPParseError(str(cause)) from cause
            self.reusable = False  # a body that should not be there

    def end(self) -> None:
        """Take the end of the connection for the end of the message, where it is one.

        Raises:
            HTTPParseError: the message ended too early.
        """
        names = {name.lower() for name, _ in self.headers}
        if not self._headers_complete or b"content-length" in names or self._chunked():
            raise HTTPParseError("Incomplete response.")
        self._finish(reusable=False)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header from llhttp; trailers come after the headers are complete."""
        if not self._headers_complete:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the end of the headers from llhttp."""
        if self.complete:
            self.reusable = False  # the beginning of a response that nobody asked for
            return
        self._headers_complete = True
        if self._without_body and self._parser.get_status_code() >= 200:
            self._finish(reusable=self._parser.should_keep_alive())
            self._parser = HttpResponseParser(self)  # the old one waits for a body

    def on_body(self, part: bytes) -> None:
        """Take a part of the body from llhttp."""
        if self._without_body:
            self.reusable = False
        else:
            self._body.append(part)

    def on_message_complete(self) -> None:
        """Take the end of the message from llhttp."""
        if self.complete:
            return
        if self._parser.get_status_code() < 200:
            self._headers_complete = False
            self.headers = []
        else:
            self._finish(reusable=self._parser.should_keep_alive())

    def _finish(self, *, reusable: bool) -> None:
        self.complete, self.reusable = True, reusable
        self.status = self._parser.get_status_code()
        self.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)

    def _chunked(self) -> bool:
        codings = [value for name, value in self.headers if name.lower() == b"transfer-encoding"]
        return bool(codings) and codings[-1].lower().rstrip().endswith(b"chunked")
