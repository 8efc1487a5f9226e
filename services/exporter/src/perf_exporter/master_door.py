"""One master's HTTP door: bearer token for ours, Locust's login page for a plain one, never through a proxy."""

import contextlib
import http.client
import json
import re
import socket
import ssl
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from perf_core.errors import PerfError

LARGEST = 64 << 20
"""Bytes of an answer that are read; a master with thousands of endpoints and workers stays far below."""
_LOGIN_FORM = re.compile(rb"window\.authArgs\s*=\s*(\{.*\})")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a master is and how it lets one in: a token for ours, user and password for Locust's login."""

    url: str
    token: str = ""
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `location` is where it redirects to."""

    status: int
    body: bytes
    location: str


class Visit:
    """The requests of one scrape to one master; `leave` may be called from another thread and ends them."""

    def __init__(self, address: Address, cookies: dict[str, str], timeout: float) -> None:
        """Know the address; `cookies` are kept by the caller from visit to visit, `timeout` is seconds per wait."""
        self._address, self._cookies, self._timeout = address, cookies, timeout
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Answer:
        """Return the answer to GET of a path below the master's address; logs in where Locust asks for it.

        Raises:
            PerfError: the master cannot be reached, or does not let us in.
        """
        answer = self._ask("GET", self._address.url.rstrip("/") + path)
        if answer.status in {301, 302, 303, 307} and urlsplit(answer.location).path.rstrip("/").endswith("/login"):
            self._log_in(urljoin(self._address.url.rstrip("/") + path, answer.location))
            answer = self._ask("GET", self._address.url.rstrip("/") + path)
            if answer.status != http.client.OK:
                raise PerfError(
                    f"{self._address.url} did not accept user {self._address.user!r}; "
                    "check PERF_WEB_USER and PERF_WEB_PASSWORD"
                )
        return answer

    def leave(self) -> None:
        """Break the connection, so that whoever waits on it stops waiting."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def _log_in(self, page: str) -> None:
        if not self._address.user:
            raise PerfError(f"{self._address.url} asks for a login; set PERF_WEB_USER and PERF_WEB_PASSWORD")
        found = _LOGIN_FORM.search(self._ask("GET", page).body)
        try:
            action = json.loads(found[1])["username_password_callback"] if found else None
        except (KeyError, ValueError):
            action = None
        if not isinstance(action, str):
            raise PerfError(f"{page} has no form for a user and a password; give this Locust one, or use its token")
        form = urlencode({"username": self._address.user, "password": self._address.password})
        self._ask("POST", urljoin(page, action), form.encode())

    def _ask(self, method: str, url: str, form: bytes | None = None) -> Answer:
        parts = urlsplit(url)
        if (parts.scheme, parts.netloc) != _origin(self._address.url):
            raise PerfError(f"{self._address.url} sends us to {url}, another place; name that one with --master")
        headers = {"Accept": "application/json", "Connection": "close"}
        if self._address.token:
            headers["Authorization"] = f"Bearer {self._address.token}"
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._connection = _connection(parts.scheme, parts.netloc, self._timeout)
        try:
            self._connection.request(method, path or "/", form, headers)
            return self._read(self._connection.getresponse())
        except (OSError, http.client.HTTPException) as cause:
            raise PerfError(f"{self._address.url} cannot be reached ({cause or type(cause).__name__})") from cause
        finally:
            self._connection.close()

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        for line in response.headers.get_all("Set-Cookie", ()):
            with contextlib.suppress(CookieError):
                self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        body = response.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise PerfError(f"the answer of {self._address.url} is larger than {LARGEST >> 20} MiB; is it a master?")
        return Answer(response.status, body, response.headers.get("Location", ""))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _connection(scheme: str, netloc: str, timeout: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(netloc, timeout=timeout, context=ssl.create_default_context())
    return http.client.HTTPConnection(netloc, timeout=timeout)
