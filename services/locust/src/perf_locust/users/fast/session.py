"""The client of a FastUser: sends requests, follows redirections, tells Locust what came of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from time import perf_counter, time
from typing import Any
from urllib.parse import unquote, urlsplit

import gevent
from locust.user import User

from perf_locust.users.fast.answer import Answer, CaughtAnswer
from perf_locust.users.fast.composer import Composer
from perf_locust.users.fast.cookies import Cookies
from perf_locust.users.fast.refusal import FAST, NotSupportedError, refuse_arguments
from perf_locust.users.fast.request import Request, basic_auth
from perf_locust.users.fast.sender import Sender
from perf_locust.users.fast.transfer import Limits, Transfer

Timeout = float | tuple[float | None, float | None] | None


class FastSession:
    """Sends HTTP requests of one user, with the interface of Locust's FastHttpSession."""

    def __init__(
        self,
        user: User,
        base_url: str,
        transfer: Transfer,
        limits: Limits,
        *,
        max_redirects: int,
        default_headers: Mapping[str, Any] | None,
    ) -> None:
        """Send requests below `base_url`, where they are not absolute."""
        self.user, self.request_event = user, user.environment.events.request
        self.request_name: str | None = None
        self.give_way = False
        """Whether the next request first lets the event loop do what is due: what ends the user may be among it."""
        self.cookiejar = Cookies()
        self._sender = Sender(transfer, self.cookiejar)
        self._limits, self._max_redirects = limits, max_redirects
        self._default_headers = tuple((default_headers or {}).items())
        self.base_url, self.auth_header = _without_credentials(base_url)

    @property
    def base_url(self) -> str:
        """What is put before paths."""
        return self._composer.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._composer = _composer(url, self._default_headers)

    def request(  # noqa: PLR0917  FastHttpUser's signature
        self,
        method: str,
        url: str,
        name: str | None = None,
        data: Any = None,
        catch_response: bool = False,
        stream: bool = False,
        headers: Mapping[str, Any] | None = None,
        auth: tuple[str | bytes, str | bytes] | None = None,
        json: Any = None,
        allow_redirects: bool = True,
        context: dict[str, Any] | None = None,
        params: Any = None,
        timeout: Timeout = None,
        **others: Any,
    ) -> Any:
        """Send a request, tell Locust what came of it, and return the response.

        Arguments are those of FastHttpUser's client. `timeout` is, as with HttpUser, a number of seconds, or one for
        the connection and one for silence while the response is awaited.

        Raises:
            NotSupportedError: an argument asks for what FastUser cannot do.
            ValueError: the URL, the method or a header is not allowed in HTTP.
        """
        if stream or others:
            refuse_arguments({"stream": stream, **others})
        if self.give_way:  # the user woke while it was being stopped: nothing is sent that nobody would wait for
            self.give_way = False
            gevent.sleep(0)
        begun_at = time()
        sent = self._compose(method, url, params, headers, auth, data, json)
        limits = self._limits if timeout is None else _limits(timeout, self._limits)
        answer = self._timed(sent, limits, self._max_redirects if allow_redirects else 0)
        if not catch_response:
            self.request_event.fire(
                request_type=method,
                name=name or self.request_name or url,
                context={**self.user.context(), **context} if context else self.user.context(),
                response=answer,
                exception=answer.error,
                start_time=begun_at,
                url=sent.url,
                response_length=len(answer.content or b""),
                response_time=answer.seconds * 1000,
            )
            return answer
        meta = {
            "request_type": method,
            "name": name or self.request_name or url,
            "context": {**self.user.context(), **context} if context else self.user.context(),
            "response": answer,
            "exception": answer.error,
            "start_time": begun_at,
            "url": sent.url,
            "response_length": len(answer.content or b""),
            "response_time": answer.seconds * 1000,
        }
        return CaughtAnswer(answer, self.request_event, meta, True)  # noqa: FBT003  Locust's signature

    def get(self, url: str, **kwargs: Any) -> Any:
        """Send a GET request."""
        return self.request("GET", url, **kwargs)

    def head(self, url: str, **kwargs: Any) -> Any:
        """Send a HEAD request."""
        return self.request("HEAD", url, **kwargs)

    def options(self, url: str, **kwargs: Any) -> Any:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", url, **kwargs)

    def delete(self, url: str, **kwargs: Any) -> Any:
        """Send a DELETE request."""
        return self.request("DELETE", url, **kwargs)

    def post(self, url: str, data: Any = None, json: Any = None, **kwargs: Any) -> Any:
        """Send a POST request."""
        return self.request("POST", url, data=data, json=json, **kwargs)

    def put(self, url: str, data: Any = None, **kwargs: Any) -> Any:
        """Send a PUT request."""
        return self.request("PUT", url, data=data, **kwargs)

    def patch(self, url: str, data: Any = None, **kwargs: Any) -> Any:
        """Send a PATCH request."""
        return self.request("PATCH", url, data=data, **kwargs)

    def iter_lines(self, url: str, method: str = "GET", **_: Any) -> Any:
        """Refuse to stream.

        Raises:
            NotSupportedError: always.
        """
        raise NotSupportedError(f"iter_lines ({method} {url})", FAST)

    @contextmanager
    def rename_request(self, name: str) -> Iterator[None]:
        """Name the requests of a with block."""
        self.request_name = name
        try:
            yield
        finally:
            self.request_name = None

    def _compose(  # noqa: PLR0917  called from one place
        self, method: str, url: str, params: Any, headers: Mapping[str, Any] | None, auth: Any, data: Any, json: Any
    ) -> Request:
        authorization = basic_auth(*auth) if auth else self.auth_header
        if not (headers or authorization or data or params is not None or json is not None):
            return self._composer.bare(method, url)
        own = dict(headers or {})
        if authorization:
            own["Authorization"] = authorization
        return self._composer.compose(method, url, params, own, data, json)

    def _timed(self, sent: Request, limits: Limits, redirections: int) -> Answer:
        """Send and time: over a kept connection from its first byte on, before that only this process is at work."""
        begun = perf_counter()
        answer = self._sender.send(sent, limits, redirections)
        first = answer.history[0] if answer.history else answer
        answer.seconds = answer.arrived - (first.asked or begun)
        return answer


def _without_credentials(url: str) -> tuple[str, str | None]:
    """Return a base URL without user and password, and the header that carries them."""
    parts = urlsplit(url)
    if not (parts.username and parts.password):
        return url, None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, basic_auth(unquote(parts.username), unquote(parts.password))


@lru_cache(maxsize=256)
def _composer(base_url: str, default_headers: tuple[tuple[str, Any], ...]) -> Composer:
    return Composer(base_url, dict(default_headers))


def _limits(timeout: float | tuple[float | None, float | None], default: Limits) -> Limits:
    connect, network = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return Limits(default.connect if connect is None else connect, default.network if network is None else network)
