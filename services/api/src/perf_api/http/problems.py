"""What an answer says when something went wrong: RFC 9457 problem details with stable codes, all in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

MEDIA_TYPE = "application/problem+json"
_LONGEST_PATH = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem; `retryable`: the same request may succeed later."""

    status: int
    title: str
    retryable: bool = False


KINDS: Mapping[str, Kind] = {
    "malformed-json": Kind(400, "The body is no JSON"),
    "bad-cursor": Kind(400, "The cursor is none of ours"),
    "bad-request": Kind(400, "The request cannot be understood"),
    "token-required": Kind(401, "A token is needed"),
    "forbidden": Kind(403, "This is not allowed"),
    "route-not-found": Kind(404, "There is nothing at this address"),
    "item-not-found": Kind(404, "There is no such item"),
    "order-not-found": Kind(404, "There is no such order"),
    "method-not-allowed": Kind(405, "The address does not know this method"),
    "duplicate-sku": Kind(409, "The SKU is taken"),
    "out-of-stock": Kind(409, "Not enough pieces are left"),
    "item-gone": Kind(409, "An ordered item does not exist"),
    "mixed-currencies": Kind(409, "The items have several currencies"),
    "wrong-state": Kind(409, "The state does not allow this"),
    "idempotency-key-reused": Kind(409, "The Idempotency-Key was used for something else"),
    "still-in-progress": Kind(409, "The first request of this Idempotency-Key is still going on", retryable=True),
    "stale-version": Kind(412, "It was changed meanwhile"),
    "body-too-large": Kind(413, "The body is too large"),
    "unsupported-media-type": Kind(415, "The media type is not accepted here"),
    "invalid": Kind(422, "The request has invalid fields"),
    "version-required": Kind(428, "If-Match is needed"),
    "internal-error": Kind(500, "Something went wrong here"),
    "overloaded": Kind(503, "Too many requests are being served", retryable=True),
    "database-unavailable": Kind(503, "The database does not answer", retryable=True),
    "not-ready": Kind(503, "The service takes no more requests", retryable=True),
    "deadline-exceeded": Kind(504, "The request took too long", retryable=True),
}


class ProblemError(HTTPException):
    """Raised to answer with a problem; a kind of HTTPException, so that FastAPI lets it pass everywhere."""

    def __init__(
        self,
        code: str,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Name a code of KINDS and say what to do; `errors` tell each field that is wrong."""
        super().__init__(KINDS[code].status, detail, dict(headers or {}))
        self.code, self.errors = code, tuple(errors)


def respond(scope: Scope, problem: ProblemError) -> Response:
    """Return the answer that tells a problem."""
    kind = KINDS[problem.code]
    body: dict[str, Any] = {
        "type": f"/problems/{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "instance": scope["path"].encode("ascii", "replace").decode()[:_LONGEST_PATH],
        "code": problem.code,
        "request_id": scope.get("request_id", ""),
        "retryable": kind.retryable,
    }
    if problem.errors:
        body["errors"] = problem.errors
    headers = dict(problem.headers or {})
    if kind.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", "1")
    return Response(to_json(body), kind.status, headers, MEDIA_TYPE)
