"""Python's cookie jar, asked only when something may have changed."""

import time
from http.cookiejar import Cookie, CookieJar

from perf_locust.users.fast.answer import Answer
from perf_locust.users.fast.request import Request

_MOST = 1000
"""Remembered values of the header Cookie; one for each path that was asked for."""


class Cookies(CookieJar):
    """A cookie jar that remembers what it answered, until a cookie comes, goes or expires."""

    def __init__(self) -> None:
        """Begin without cookies."""
        super().__init__()
        self._remembered: dict[tuple[object, str], str | None] = {}
        self._until = 0.0
        self.filled = False

    def header_for(self, request: Request) -> str | None:
        """Return the value of Cookie for a request."""
        key = (request.place.origin, request.place.target.partition("?")[0])
        if time.time() >= self._until:
            self._forget()
            self._until = min((cookie.expires for cookie in self if cookie.expires), default=float("inf"))
        if key not in self._remembered:
            compatible = request.as_compatible()
            self.add_cookie_header(compatible)
            if len(self._remembered) >= _MOST:
                self._remembered.clear()
            self._remembered[key] = "; ".join(compatible.headers.getlist("cookie")) or None
        return self._remembered[key]

    def take_from(self, answer: Answer) -> None:
        """Take the cookies that a response sets."""
        self.extract_cookies(answer, answer.request)  # type: ignore[arg-type]  # all that it uses is there

    def set_cookie(self, cookie: Cookie) -> None:
        """Keep a cookie."""
        super().set_cookie(cookie)
        self.filled = True
        self._forget()

    def clear(self, domain: str | None = None, path: str | None = None, name: str | None = None) -> None:
        """Remove cookies: all, or those of a domain, a path, a name."""
        super().clear(domain, path, name)
        self._forget()

    def _forget(self) -> None:
        self._remembered.clear()
        self._until = 0.0
