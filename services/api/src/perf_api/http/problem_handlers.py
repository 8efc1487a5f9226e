"""Which problem an exception is; every error of the domain, of FastAPI and of Starlette ends here."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from perf_api.domain import errors as domain
from perf_api.http.problems import ProblemError, respond

DOMAIN: Mapping[type[domain.DomainError], str] = {
    domain.ItemNotFoundError: "item-not-found",
    domain.DuplicateSkuError: "duplicate-sku",
    domain.StaleVersionError: "stale-version",
    domain.OutOfStockError: "out-of-stock",
    domain.MixedCurrenciesError: "mixed-currencies",
    domain.OrderNotFoundError: "order-not-found",
    domain.OrderStateError: "wrong-state",
    domain.KeyReusedError: "idempotency-key-reused",
    domain.StillInProgressError: "still-in-progress",
    domain.DatabaseUnavailableError: "database-unavailable",
}
_OF_STATUS = {400: "bad-request", 404: "route-not-found", 405: "method-not-allowed", 413: "body-too-large"}
_DETAILS = {
    "route-not-found": "the addresses of this service are listed in /openapi.json",
    "method-not-allowed": "the header Allow names the methods of this address",
}
_MOST_ERRORS = 20
_LONGEST_POINTER = 200


def install(app: FastAPI) -> None:
    """Let an application answer its errors with problems."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(domain.DomainError, _on_domain_error)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what routes refused, and what Starlette refused outside of them."""
    if isinstance(error, ProblemError):
        return respond(request.scope, error)
    assert isinstance(error, HTTPException)  # noqa: S101  registered for it
    code = _OF_STATUS.get(error.status_code, "internal-error")
    headers = {"Allow": ", ".join(_methods(request))} if code == "method-not-allowed" else error.headers
    return respond(request.scope, ProblemError(code, _DETAILS.get(code, str(error.detail)), headers=headers))


def _methods(request: Request) -> list[str]:
    """Return the methods of an address; Starlette names those of the first route only."""
    paths = request.app.openapi()["paths"]
    matching = (template for template in paths if compile_path(template)[0].match(request.scope["path"]))
    return sorted({method.upper() for template in matching for method in paths[template]} or {"GET", "HEAD"})


async def _on_domain_error(request: Request, error: Exception) -> Response:
    """Answer what the domain refused; what a driver said of an unreachable database stays in the log."""
    assert isinstance(error, domain.DomainError)  # noqa: S101  registered for it
    code = DOMAIN[type(error)]
    unavailable = isinstance(error, domain.DatabaseUnavailableError)
    detail = "the database does not answer; repeat the request later" if unavailable else str(error)
    headers = {"Retry-After": "1"} if isinstance(error, domain.StillInProgressError) else None
    return respond(request.scope, ProblemError(code, detail, headers=headers))


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Answer a request that does not fit its schema; what was sent is not repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for it
    found = error.errors()
    errors = [_field(each) for each in found[:_MOST_ERRORS]]
    first = errors[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    detail = f"{first['in']} {first['pointer'] or '/'}: {first['message']}{more}"
    return respond(request.scope, ProblemError("invalid", detail, errors))


def _field(error: Mapping[str, Any]) -> dict[str, str]:
    place, *path = error["loc"]
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
    message = str(error["msg"]).removeprefix("Value error, ")
    return {"in": str(place), "pointer": pointer[:_LONGEST_POINTER], "code": error["type"], "message": message}
