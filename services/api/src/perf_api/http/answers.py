"""What routes answer, and how OpenAPI tells it."""

from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from perf_api.http.problems import KINDS, MEDIA_TYPE

ALWAYS = (500, 503, 504)
WITH_BODY = (400, 413, 415, 422)
_NAMES = {
    400: "The request cannot be read: malformed JSON or a damaged cursor.",
    401: "A token is needed.",
    403: "This is not allowed here.",
    404: "There is no such thing.",
    409: "It conflicts with what is there.",
    412: "It was changed meanwhile.",
    413: "The body is too large.",
    415: "The media type is not accepted.",
    422: "Fields are invalid; `errors` tells which and why.",
    428: "If-Match is needed.",
    500: "Something went wrong here.",
    503: "The service cannot take the request now.",
    504: "The request took too long.",
}


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a value - models, dataclasses, lists, dictionaries - as a JSON answer."""
    return Response(to_json(value), status, headers, "application/json")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of problems with these statuses, and of those that are always possible."""
    return {status: _problem(status) for status in sorted({*statuses, *ALWAYS})}


def _problem(status: int) -> dict[str, Any]:
    code, kind = next((code, kind) for code, kind in KINDS.items() if kind.status == status)
    example = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": status,
        "detail": "what happened, and what to do about it",
        "instance": "/v1/items",
        "code": code,
        "request_id": "0123456789abcdef",
        "retryable": kind.retryable,
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _NAMES[status], "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}
