"""Responses with the interface of FastHttpUser's, whole in memory and made cheaply."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

from geventhttpclient.header import Headers
from locust.contrib.fasthttp import FastRequest, FastResponse, RestResponseContextManager

from perf_locust.users.fast.refusal import FAST, NotSupportedError
from perf_locust.users.fast.request import Request

RawHeaders = Sequence[tuple[bytes, bytes]]


class Answer(FastResponse):
    """The response to a request, or the error that came instead of one."""

    # plain attributes and properties in the place of properties and attributes
    status_code = 0
    content: bytes | None = None  # type: ignore[assignment]
    error: BaseException | None = None
    history: Sequence["Answer"] = ()  # type: ignore[assignment]
    location: str | None = None
    arrived = 0.0
    asked: float | None = None
    """When its request was handed to the kernel; None where it had to wait for a connection first."""
    seconds = 0.0

    def __init__(self, sent: Request, status: int, raw: RawHeaders, content: bytes | None) -> None:
        """Hold a response, or with status 0 that there was none; everything else is made when it is asked for."""
        self.sent, self.status_code, self.raw, self.content = sent, status, raw, content

    @cached_property
    def headers(self) -> Headers | None:  # type: ignore[override]
        """The headers, by name in any case; None if there was no response."""
        if not self.status_code:
            return None
        return Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in self.raw)

    @cached_property
    def request(self) -> FastRequest:  # type: ignore[override]
        """The request that was answered: the last one, if there were redirections."""
        return self.sent.as_compatible()

    @property
    def url(self) -> str:
        """The URL that was asked for last."""
        return self.sent.url

    @property
    def elapsed(self) -> timedelta:
        """The response time."""
        return timedelta(seconds=self.seconds)

    @property
    def _response(self) -> Any:  # type: ignore[override]
        raise NotSupportedError("reading a response as a stream", FAST)

    def release(self) -> None:
        """Do nothing: a response holds no connection."""

    def __len__(self) -> int:
        return len(self.content or b"")


class CaughtAnswer(Answer, RestResponseContextManager):  # type: ignore[misc]
    """A response whose outcome the task decides in a with block."""

    __init__ = RestResponseContextManager.__init__
