"""The OpenAPI document: what FastAPI makes of the routes, and what it cannot know."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from perf_api.http.problems import KINDS

TAGS = {
    "items": "Things for sale.",
    "search": "Find things by words and tags.",
    "orders": "What customers bought; the stock never goes below zero.",
    "reports": "Sums over all orders.",
    "health": "How the service is.",
    "metrics controller": "Start and stop the recording of custom metrics.",
    "admin": "For proving that a regression is found.",
}
_DESCRIPTION = """The service that perf-platform loads first: items, orders and reports of distinct cost.

Errors are `application/problem+json` with a stable `code`. Money is in minor units. Pages follow `next_cursor`."""
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, and what to do about it."},
        "instance": {"type": "string", "description": "The path of the request."},
        "code": {"type": "string", "enum": sorted(KINDS)},
        "request_id": {"type": "string", "description": "As in the header X-Request-ID and in the log."},
        "retryable": {"type": "boolean", "description": "Whether the same request may succeed later."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "pointer", "code", "message"],
                "properties": {
                    "in": {"type": "string"},
                    "pointer": {"type": "string", "description": "JSON pointer to the field."},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def install(app: FastAPI) -> None:
    """Let an application describe itself completely."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # the way FastAPI documents


def _describe(app: FastAPI) -> dict[str, Any]:
    tags = [{"name": name, "description": text} for name, text in TAGS.items()]
    document = get_openapi(
        title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes, tags=tags
    )
    components = document["components"]
    components["schemas"]["Problem"] = _PROBLEM
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for methods in document["paths"].values():
        for operation in methods.values():
            _complete(operation)
    return document


def _complete(operation: dict[str, Any]) -> None:
    """Say which operations take a token, and that replacing and patching need If-Match."""
    if "401" in operation["responses"]:
        operation["security"] = [{}, {"token": []}]
    if "428" in operation["responses"]:
        for parameter in operation["parameters"]:
            parameter["required"] |= parameter["name"] == "if-match"
