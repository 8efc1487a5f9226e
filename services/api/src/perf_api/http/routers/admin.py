"""Faults: make a route slower on purpose."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from perf_api.faults import Faults
from perf_api.http.access import require_admin
from perf_api.http.answers import WITH_BODY, json_answer, problems
from perf_api.http.json_route import JsonRoute
from perf_api.http.problems import ProblemError
from perf_api.http.schemas.fields import STRICT

routes = APIRouter(prefix="/admin", tags=["admin"], route_class=JsonRoute, dependencies=[Depends(require_admin)])


class Fault(BaseModel):
    """A route made slower by a factor; `route` is its template."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={
            "example": {"method": "GET", "route": "/v1/items/{item_id}/delivery-quote", "slowdown": 1.3}
        }
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    route: Annotated[str, Field(max_length=200, pattern=r"^/[A-Za-z0-9_{}/.:-]*$")]
    slowdown: Annotated[float, Field(ge=1, le=100, allow_inf_nan=False)]


@routes.put("/faults", operation_id="set_fault", response_model=Fault, responses=problems(401, 403, 404, *WITH_BODY))
async def set_fault(body: Fault, request: Request) -> Response:
    """Make a route slower."""
    faults = _enabled(request)
    if body.method.lower() not in request.app.openapi()["paths"].get(body.route, {}):
        raise ProblemError("route-not-found", "there is no such route; write its template as in /openapi.json")
    faults.slowdowns[body.method, body.route] = body.slowdown
    return json_answer(body)


@routes.delete(
    "/faults",
    status_code=204,
    operation_id="clear_faults",
    responses={204: {"description": "All routes are as fast as they are."}, **problems(401, 403, 413)},
)
async def clear_faults(request: Request) -> Response:
    """Make all routes as fast as they are."""
    _enabled(request).slowdowns.clear()
    return Response(status_code=204)


def _enabled(request: Request) -> Faults:
    faults: Faults = request.app.state.faults
    if not faults.enabled:
        raise ProblemError("forbidden", "faults are off; start the service with PERF_API_ENABLE_FAULTS=true")
    return faults
