"""What every request passes before the application: an id, a place, a limit of its body, and a deadline."""

import asyncio
import logging
import re
import secrets
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from perf_api.http.access import has_token, token_required
from perf_api.http.problems import ProblemError, respond
from perf_api.logs import REQUEST_ID, AccessLog
from perf_api.operations import Operations

log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_BULK = "/v1/items:bulk"
_DATA = "/v1/"
_CONTROLLER = "/v1/metrics-controller"


class _TornAnswerError(Exception):
    """Raised when an answer cannot be finished."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may take: seconds, requests at once, bytes."""

    deadline: float
    concurrency: int
    body: int
    bulk_body: int


class _Answer:
    """The way out of one request: adds what every answer carries and remembers its status, 0 before it began."""

    __slots__ = ("_operations", "_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: str, operations: Operations) -> None:
        self._send, self._request_id, self._operations, self.status = send, request_id, operations, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            headers.append((b"x-request-id", self._request_id.encode()))
            if self._operations.draining:
                headers.append((b"connection", b"close"))
        await self._send(message)

    async def explain(self, scope: Scope, receive: Receive, problem: ProblemError) -> None:
        """Answer with a problem; when half an answer is out, only closing the connection tells the client."""
        if self.status:
            raise _TornAnswerError from problem
        await respond(scope, problem)(scope, receive, self)


class Gate:
    """Refuses what the service cannot take before anything is parsed; its answers are problems too."""

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        operations: Operations,
        access_log: AccessLog | None,
        write_token: str | None = None,
    ) -> None:
        """Stand before an application."""
        self._app, self._limits, self._operations = app, limits, operations
        self._access_log, self._write_token = access_log, write_token
        self._active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; a lifespan passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id, length = _own_headers(scope)
        scope["request_id"] = request_id
        REQUEST_ID.set(request_id)
        answer = _Answer(send, request_id, self._operations)
        try:
            problem = self._refusal(scope, length) or await self._admitted(scope, receive, answer)
            if problem is not None:
                await answer.explain(scope, receive, problem)
        finally:
            if self._access_log is not None:
                seconds = time.perf_counter() - began
                self._access_log.note(scope["method"], scope["path"], answer.status, seconds, request_id)

    def _refusal(self, scope: Scope, length: int) -> ProblemError | None:
        """Return why a request is not even looked at."""
        path: str = scope["path"]
        if length > (limit := self._body_limit(path)):
            return _too_large(limit)
        if not _is_data(path):
            return None
        if self._active >= self._limits.concurrency:
            return ProblemError("overloaded", "too many requests are being served; repeat it in a second")
        if not self._operations.prepared:
            return ProblemError("database-unavailable", "the database has not been reached yet; repeat it later")
        if self._write_token is not None and scope["method"] not in _READING:
            authorization = Headers(scope=scope).get("authorization", "")
            if not has_token(authorization, self._write_token):
                return token_required()
        return None

    async def _admitted(self, scope: Scope, receive: Receive, answer: "_Answer") -> ProblemError | None:
        """Let the application serve a request; return what went wrong outside of its own error handling."""
        limit, counted = self._body_limit(scope["path"]), _is_data(scope["path"])
        self._active += counted
        try:
            async with asyncio.timeout(self._limits.deadline) as deadline:
                await self._app(scope, _bounded(receive, limit), answer)
        except ProblemError as refusal:
            return refusal
        except Exception as error:
            if isinstance(error, TimeoutError) and deadline.expired():
                return ProblemError("deadline-exceeded", f"it was given up after {self._limits.deadline:g} s")
            log.exception("request.failed", extra={"path": scope["path"]})
            return ProblemError("internal-error", "the log has more, under this request_id")
        finally:
            self._active -= counted
        return None

    def _body_limit(self, path: str) -> int:
        return self._limits.bulk_body if path == _BULK else self._limits.body


def _is_data(path: str) -> bool:
    """Say whether a request is about data: those are limited, health and administration are always answered."""
    return path.startswith(_DATA) and not path.startswith(_CONTROLLER)


def _own_headers(scope: Scope) -> tuple[str, int]:
    """Return the id of a request (a new one if it has no proper one) and the length it declares, 0 without."""
    request_id, length = "", 0
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            request_id = value.decode()
        elif name == b"content-length" and value.isdigit():
            length = int(value[:18])
    return request_id or secrets.token_hex(8), length


def _bounded(receive: Receive, limit: int) -> Receive:
    """Return a receive that counts: a body without a length is cut off where it grows too large."""
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_large(limit)
        return message

    return bounded


def _too_large(limit: int) -> ProblemError:
    return ProblemError("body-too-large", f"send at most {limit} bytes")
