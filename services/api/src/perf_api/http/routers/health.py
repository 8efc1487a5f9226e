"""Health: for those who restart the service, and for those who send requests to it."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from perf_api.http.answers import json_answer, problems
from perf_api.http.problems import ProblemError

routes = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """How the service is."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "live"}})
    status: str


@routes.get("/live", operation_id="check_live", response_model=Health, responses=problems(413))
async def live() -> Response:
    """Say that the process lives; never touches the database."""
    return json_answer({"status": "live"})


@routes.get("/ready", operation_id="check_ready", response_model=Health, responses=problems(413))
async def ready(request: Request) -> Response:
    """Say whether requests should be sent here: the database answers, and the service is not shutting down."""
    state = request.app.state
    reason = await state.operations.check_ready(state.database)
    if reason is not None:
        raise ProblemError("not-ready", reason)
    return json_answer({"status": "ready"})
