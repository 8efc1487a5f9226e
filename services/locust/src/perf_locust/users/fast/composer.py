"""From the arguments of a task's request to the request: what all users of a class have in common, once."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from geventhttpclient.url import URL
from locust.contrib.fasthttp import absolute_http_url_regexp

from perf_locust.users.fast.request import Place, Request, body_of, header_line, header_lines, place_at, place_of

_USER_AGENT = f"perf-locust/{version('perf-locust')}"
_MOST = 1024
"""Requests kept; those to further URLs are made each time."""


class Composer:
    """Makes requests below a base URL, with some headers by default."""

    def __init__(self, base_url: str, default_headers: Mapping[str, Any]) -> None:
        """Take the headers that FastHttpUser sends too."""
        self.base_url = base_url
        self._lines = {
            "user-agent": header_line("User-Agent", _USER_AGENT),
            "accept-encoding": header_line("Accept-Encoding", "gzip, deflate, br"),
        } | header_lines(default_headers)
        self._base = _base_of(base_url)
        self._bare: dict[tuple[str, str], Request] = {}

    def bare(self, method: str, url: str) -> Request:
        """Return a request without anything of its own; the same one each time."""
        known = self._bare.get((method, url))
        if known is None:
            known = Request(method.upper(), self._absolute(url), self._place(url, None), self._lines, b"")
            if len(self._bare) < _MOST:
                self._bare[method, url] = known
        return known

    def compose(  # noqa: PLR0917  called from one place
        self, method: str, url: str, params: Any, headers: Mapping[str, Any], data: Any, json: Any
    ) -> Request:
        """Return a request with headers, parameters or a body of its own."""
        lines = self._lines | header_lines(headers)
        body = body_of(data, json, lines)
        return Request(method.upper(), self._absolute(url), self._place(url, params), lines, body)

    def _place(self, url: str, params: Any) -> Place:
        if params is not None:
            return place_of(str(URL(self._absolute(url), params=params)))
        return place_at(self._base, url) or place_of(self._absolute(url))

    def _absolute(self, url: str) -> str:
        return url if absolute_http_url_regexp.match(url) else f"{self.base_url}{url}"


def _base_of(url: str) -> Place | None:
    """Return where paths are added to, if that is as simple as it looks."""
    parts = urlsplit(url)
    if parts.query or parts.fragment or not absolute_http_url_regexp.match(url) or url.endswith("/"):
        return None
    return place_of(url)
