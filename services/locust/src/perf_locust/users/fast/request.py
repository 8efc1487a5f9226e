"""Requests as bytes: target, headers and body, as FastHttpUser would send them."""

import json as jsonlib
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from geventhttpclient.header import Headers
from geventhttpclient.url import URL
from locust.contrib.fasthttp import FastRequest

from perf_locust.users.fast.origin import Origin
from perf_locust.users.fast.refusal import FAST, PLAIN, NotSupportedError

_is_plain = re.compile(r"/(?!/)[\w\-.~/:@!$&'()*+,=]*(?:\?[\w\-.~/?:@!$&'()*+,;=]+)?", re.ASCII).fullmatch
"""A target that is sent as it is written; any other is taken apart and quoted."""
_is_target = re.compile(r"/(?!/)[^\x00-\x20\x7f]*").fullmatch
_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_value = re.compile(r"[\t\x20-\x7e\x80-\xff]*").fullmatch
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_REFUSED = {"expect": FAST, "transfer-encoding": FAST, "upgrade": "a user with a WebSocket client"}
_LINE = "{}: {}\r\n"


class Place(NamedTuple):
    """A URL, taken apart as far as a request needs it."""

    origin: Origin
    target: str


@lru_cache(maxsize=1024)
def place_of(url: str) -> Place:
    """Take a URL apart; what is not allowed in it is percent-encoded, its fragment is left out.

    Raises:
        ValueError: it is no http or https URL.
    """
    parts = URL(url)
    if parts.scheme not in {"http", "https"} or not parts.host or parts.port is None:
        raise ValueError(f"invalid URL {url!r}: it needs http or https, and a host")
    target = parts.quoted_uri
    if not target.startswith("/"):
        target = f"/{target}"
    if not _is_target(target):
        raise ValueError(f"invalid request target {target!r}")
    return Place(Origin(parts.scheme, parts.host, parts.port), target)


def place_at(base: Place | None, url: str) -> Place | None:
    """Return the place of a path below a base, where nothing needs to be quoted."""
    if base is None or not _is_plain(url):
        return None
    return Place(base.origin, base.target + url if base.target != "/" else url)


@lru_cache(maxsize=1024)
def header_line(name: str, value: object) -> str:
    """Return a header as it is sent.

    Raises:
        NotSupportedError: it asks for something that takes more than sending it.
        ValueError: it is not allowed in HTTP (RFC 9110, section 5).
    """
    text = str(value)
    if not isinstance(name, str) or not _is_token(name):
        raise ValueError(f"invalid header field name {name!r}")
    if not _is_value(text):
        raise ValueError(f"invalid value for header field {name!r}: {text!r}")
    if name.lower() in _REFUSED:
        raise NotSupportedError(f"the header {name}", _REFUSED[name.lower()])
    return _LINE.format(name, text)


def header_lines(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return the lines of headers by lower-cased name; a list is one line for each of its values."""
    return {
        name.lower(): "".join(header_line(name, one) for one in value)
        if isinstance(value, list | tuple)
        else header_line(name, value)
        for name, value in headers.items()
    }


def basic_auth(user: str | bytes, password: str | bytes) -> str:
    """Return the value of Authorization for basic authentication (RFC 7617)."""
    pair = b":".join(part.encode("latin-1") if isinstance(part, str) else part for part in (user, password))
    return f"Basic {b64encode(pair).decode('ascii')}"


def body_of(data: Any, json: Any, lines: dict[str, str]) -> bytes:
    """Return the body of a request, and say in its headers what it is.

    Raises:
        NotSupportedError: it is a file, an iterator or the like.
    """
    kind = None
    if not data and json is not None:
        data, kind = jsonlib.dumps(json), "application/json"
        lines.setdefault("accept", "Accept: application/json\r\n")
    if not data:
        return b""
    if isinstance(data, dict):
        data, kind = urlencode(data), "application/x-www-form-urlencoded; charset=utf-8"
    elif isinstance(data, str):
        kind = kind or "text/plain; charset=utf-8"
    elif not isinstance(data, bytes | bytearray | memoryview):
        raise NotSupportedError(f"data of the type {type(data).__name__}", FAST if hasattr(data, "read") else PLAIN)
    lines.setdefault("content-type", header_line("Content-Type", kind or "application/octet-stream"))
    return data.encode() if isinstance(data, str) else bytes(data)


class Request:
    """A request that can be sent, as often as it is needed; nothing of it changes."""

    __slots__ = ("_encoded", "body", "lines", "method", "place", "url")

    def __init__(self, method: str, url: str, place: Place, lines: dict[str, str], body: bytes) -> None:
        """Check the method.

        Raises:
            ValueError: it is not allowed in HTTP.
        """
        if not _is_token(method):
            raise ValueError(f"invalid HTTP method {method!r}")
        self.method, self.url, self.place, self.lines, self.body = method, url, place, lines, body
        self._encoded: bytes | None = None

    def encoded(self) -> bytes:
        """Return it as it is sent."""
        if self._encoded is None:
            self._encoded = self._encode()
        return self._encoded

    def with_cookie(self, cookie: str | None) -> "Request":
        """Return it with these cookies, if there are any."""
        if not cookie:
            return self
        return Request(self.method, self.url, self.place, self.lines | {"cookie": f"Cookie: {cookie}\r\n"}, self.body)

    def _encode(self) -> bytes:
        lines = self.lines
        rest = "".join(lines.values())
        if "host" not in lines:
            rest += self.place.origin.host_line
        if (self.body or self.method in _WITH_BODY) and "content-length" not in lines:
            rest += f"Content-Length: {len(self.body)}\r\n"
        return f"{self.method} {self.place.target} HTTP/1.1\r\n{rest}\r\n".encode("latin-1") + self.body

    def redirected(self, status: int, location: str) -> "Request":
        """Return the request that follows a redirection (RFC 9110, section 15.4).

        Raises:
            ValueError: the location is no http or https URL.
        """
        url = str(URL(self.url).redirect(location))
        place = place_of(url)
        lines = {name: line for name, line in self.lines.items() if name not in {"cookie", "host"}}
        method, body = self.method, self.body
        if status in {301, 302, 303}:
            method, body = "HEAD" if method == "HEAD" else "GET", b""
            lines = {name: line for name, line in lines.items() if not name.startswith("content-")}
        if place.origin != self.place.origin:
            lines.pop("authorization", None)
        return Request(method, url, place, lines, body)

    def as_compatible(self) -> FastRequest:
        """Return it as the object that FastHttpUser's responses carry."""
        pairs = [line.split(": ", 1) for lines in self.lines.values() for line in lines.splitlines()]
        headers = Headers((name, value) for name, value in pairs)
        return FastRequest(self.url, method=self.method, headers=headers, payload=self.body or None)
