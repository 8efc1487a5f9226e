"""Routes that take JSON: the media type is checked and the body parsed strictly before FastAPI sees it."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from perf_api.http.problems import ProblemError

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
Handler = Callable[[Request], Awaitable[Response]]


class _Parsed(Request):
    """A request whose body is parsed already."""

    content: bytes
    document: Any

    async def body(self) -> bytes:
        """Return the body as it was sent."""
        return self.content

    async def json(self) -> Any:
        """Return the parsed body."""
        return self.document


class JsonRoute(APIRoute):
    """A route that answers another media type with 415, and what is no JSON with 400."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Return the handler; routes without a body are left as they are."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler
        accepted = (JSON, MERGE_PATCH) if "PATCH" in (self.methods or ()) else (JSON,)

        async def strict(request: Request) -> Response:
            body = await request.body()
            if not body:
                return await handler(request)
            _check_media_type(request, accepted)
            parsed = _Parsed(request.scope, request.receive)
            parsed.content = body
            parsed.document = _parse(body)
            return await handler(parsed)

        return strict


def _check_media_type(request: Request, accepted: tuple[str, ...]) -> None:
    given, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if given.strip().lower() not in accepted or charset not in ("", "utf-8"):
        wanted = " or ".join(accepted)
        headers = {"Accept": ", ".join(accepted)}
        raise ProblemError("unsupported-media-type", f"send {wanted} in UTF-8", headers=headers)


def _parse(body: bytes) -> Any:
    """Return the document; too deep nesting (200), lone surrogates, NaN and broken UTF-8 are no JSON."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as cause:
        raise ProblemError("malformed-json", f"the body is no JSON: {cause}") from cause
