"""The metrics controller over HTTP: look at it, and move it."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from perf_api.controller.controller import MetricsController, StaleGenerationError
from perf_api.controller.recorded import QUANTILES
from perf_api.controller.states import Action, IllegalMoveError
from perf_api.http.access import require_admin
from perf_api.http.answers import WITH_BODY, problems
from perf_api.http.json_route import JsonRoute
from perf_api.http.problems import ProblemError

routes = APIRouter(
    prefix="/v1/metrics-controller",
    tags=["metrics controller"],
    route_class=JsonRoute,
    dependencies=[Depends(require_admin)],
)


class Transition(BaseModel):
    """A move; with `expected_generation` it is made only if nobody moved the controller meanwhile."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"action": "start", "run_id": "20260131-120000-checkout"}}
    )
    action: Action
    expected_generation: int | None = Field(None, ge=0, le=2**53)
    run_id: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,128}$")
    """Of a start: the run whose metrics are recorded."""


class QueueView(BaseModel):
    """The readings of one queue; quantiles by their share, "1.0" is the longest length."""

    queue: str
    length: int
    readings: int
    quantiles: dict[str, int]


class ControllerView(BaseModel):
    """The controller at one moment; times in seconds, the newest readings of every queue."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "state": "recording",
                "generation": 1,
                "allowed": ["pause", "finish"],
                "run_id": "20260131-120000-checkout",
                "active_seconds": 12.5,
                "paused_seconds": 0.0,
                "dropped_readings": 0,
                "queues": [
                    {"queue": "mail", "length": 2, "readings": 12, "quantiles": {"0.5": 1, "0.95": 4, "1.0": 5}}
                ],
                "read_at": "2026-01-31T12:00:13Z",
            }
        }
    )
    state: str
    generation: int
    allowed: list[Action]
    run_id: str | None
    active_seconds: float
    paused_seconds: float
    dropped_readings: int
    queues: list[QueueView]
    read_at: datetime


def controller_of(request: Request) -> MetricsController:
    """Return the controller of the application."""
    controller: MetricsController = request.app.state.controller
    return controller


@routes.get("", operation_id="read_metrics_controller", responses=problems(401, 403, 413))
async def read_controller(request: Request) -> ControllerView:
    """Return the state of the metrics controller and what it has recorded."""
    return view(controller_of(request))


@routes.post("/transitions", operation_id="move_metrics_controller", responses=problems(401, 403, 409, *WITH_BODY))
async def move_controller(body: Transition, request: Request) -> ControllerView:
    """Start, pause, resume, finish or reset the recording of custom metrics."""
    controller = controller_of(request)
    try:
        controller.act(body.action, run_id=body.run_id, expected_generation=body.expected_generation)
    except (IllegalMoveError, StaleGenerationError) as cause:
        raise ProblemError("wrong-state", str(cause)) from cause
    return view(controller)


def view(controller: MetricsController) -> ControllerView:
    """Return what a client sees of a controller now."""
    snapshot, recorded = controller.snapshot, controller.elapsed
    queues = [
        QueueView(
            queue=queue,
            length=figures.length,
            readings=figures.readings,
            quantiles={str(share): figures.quantile(share) for share in QUANTILES},
        )
        for queue, figures in recorded.queues.items()
    ]
    return ControllerView(
        state=snapshot.state.name,
        generation=snapshot.generation,
        allowed=list(snapshot.state.allowed),
        run_id=recorded.run_id,
        active_seconds=recorded.active_seconds,
        paused_seconds=recorded.paused_seconds,
        dropped_readings=recorded.dropped,
        queues=queues,
        read_at=datetime.now(UTC),
    )
