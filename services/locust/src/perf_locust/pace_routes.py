"""`/perf/pace`: what is set, and setting it."""

import time
from typing import Any

import gevent
from flask import Blueprint, Response, jsonify, request, session

from perf_core.errors import UsageError
from perf_locust.acknowledgements import PATIENCE
from perf_locust.admission import SESSION_USER
from perf_locust.pace import WrongFieldError
from perf_locust.pace_desk import ConflictError, PaceDesk


def pace_routes(desk: PaceDesk) -> Blueprint:
    """Return the routes; `admission.guard` says who may use them."""
    routes = Blueprint("perf_pace", __name__, url_prefix="/perf")

    @routes.get("/pace")
    def show() -> Response:
        return jsonify(_status(desk))

    @routes.post("/pace")
    def change() -> tuple[Response, int]:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return jsonify(error='send JSON like {"seconds": 0.5}, {"rate": 200} or {"reset": true}'), 422
        try:
            desk.change(body | _signed())
        except ConflictError as cause:
            return jsonify(_status(desk) | {"error": str(cause)}), 409
        except WrongFieldError as cause:
            return jsonify(error=str(cause), field=cause.path), 422
        except UsageError as cause:
            return jsonify(error=str(cause)), 422
        deadline = time.monotonic() + PATIENCE
        while desk.missing() and time.monotonic() < deadline:
            gevent.sleep(0.01)
        return jsonify(_status(desk)), 200

    return routes


def _signed() -> dict[str, str]:
    """Return who asks, when that is known better than by what was sent."""
    user = session.get(SESSION_USER)
    return {"by": user} if user else {}


def _status(desk: PaceDesk) -> dict[str, Any]:
    pace, acknowledged = desk.pace, desk.acknowledged
    return {
        "revision": pace.revision,
        "pacing": pace.told(),
        "seconds": pace.seconds,
        "rate": pace.rate,
        "users": pace.users,
        "tasks": desk.task_weights(),
        "sources": desk.source_weights(),
        "by": pace.by,
        "acknowledged": {worker: acknowledged.revisions.get(worker, 0) for worker in desk.workers()},
        "missing": list(desk.missing()),
        "refused": acknowledged.refused,
    }
