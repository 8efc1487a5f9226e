"""The control routes of a master (`/perf/...`): beside Locust's web UI and, headless, on a port of ours."""

import logging
from dataclasses import replace
from typing import Any

import gevent
from flask import Blueprint, Flask, Response, jsonify, request
from gevent.pywsgi import WSGIServer

from perf_core.errors import PerfError
from perf_core.model.plan import RunPlan
from perf_locust.admission import Admission, guard
from perf_locust.blocks import take_blocks
from perf_locust.conductor import Conductor
from perf_locust.snapshots import run_status, take_snapshot

log = logging.getLogger(__name__)


def control_routes(conductor: Conductor) -> Blueprint:
    """Return the routes; `admission.guard` says who may use them."""
    routes = Blueprint("perf", __name__, url_prefix="/perf")
    timers: list[gevent.Greenlet] = []

    @routes.get("/health")
    def health() -> Response:
        return jsonify(status="ok")

    @routes.get("/snapshot")
    def snapshot() -> Response:
        return Response(take_snapshot(conductor), mimetype="application/json")

    @routes.get("/run")
    def run() -> Response:
        return jsonify(run_status(conductor))

    @routes.post("/run/start")
    def start() -> tuple[Response, int]:
        return _start_if_free(conductor, timers)

    @routes.post("/run/stop")
    def stop() -> tuple[Response, int]:
        return _stop(conductor)

    @routes.post("/blocks")
    def blocks() -> tuple[Response, int]:
        return take_blocks(conductor, request.get_json(silent=True))

    return routes


def refused_because_busy(conductor: Conductor) -> tuple[Response, int]:
    """Return the answer to a start while a run is on."""
    run_id = conductor.session.info.id if conductor.session else None
    return jsonify(error=f"run {run_id} is on; stop it or wait for its end", run_id=run_id), 409


def serve_headless(conductor: Conductor) -> str:
    """Serve the routes on a free loopback port, for a master without a web UI, and return the address."""
    app = Flask("perf_locust")
    guard(app, Admission(conductor.settings.token, login=None))
    app.register_blueprint(control_routes(conductor))
    server = WSGIServer(("127.0.0.1", 0), app, log=None, error_log=log)
    server.start()
    return f"http://127.0.0.1:{server.server_port}"


def _start_if_free(conductor: Conductor, timers: list[gevent.Greenlet]) -> tuple[Response, int]:
    if conductor.session is not None or conductor.finishing:
        return refused_because_busy(conductor)
    try:
        wanted = _wanted(request.get_json(silent=True))
    except (ValueError, TypeError) as cause:
        return jsonify(error=str(cause)), 422
    if not conductor.ready:
        return jsonify(error="the workers are not ready yet; wait a few seconds", run_id=None), 503
    return _start(conductor, wanted, timers)


def _start(conductor: Conductor, wanted: dict[str, Any], timers: list[gevent.Greenlet]) -> tuple[Response, int]:
    environment, runner = conductor.environment, conductor.environment.runner
    environment.host = wanted["host"] or environment.host
    plan = replace(conductor.settings.plan, **wanted["plan"])
    try:
        conductor.prepare(plan)
    except PerfError as cause:
        return jsonify(error=str(cause), run_id=None), 422
    gevent.killall(timers, block=False)
    timers.clear()
    setattr(environment.parsed_options, "run_time", wanted["run_time"])  # noqa: B010  Locust's namespace is untyped
    before = conductor.last
    if runner is None:
        return jsonify(error="Locust has no runner yet; wait a few seconds", run_id=None), 503
    if environment.shape_class:
        greenlet = gevent.spawn(runner.start_shape)
    else:
        greenlet = gevent.spawn(runner.start, wanted["users"], wanted["spawn_rate"])
    while conductor.session is None and conductor.last is before and not greenlet.ready():
        gevent.sleep(0.01)
    if conductor.session is None:
        return jsonify(error=conductor.message or "the run did not start; see the master's log", run_id=None), 500
    if wanted["run_time"]:
        timers.append(gevent.spawn_later(wanted["run_time"], _stop_if_on, conductor, conductor.session.info.id))
    return jsonify(run_id=conductor.session.info.id), 202


def _stop(conductor: Conductor) -> tuple[Response, int]:
    session, runner = conductor.session, conductor.environment.runner
    if session is None or runner is None:
        return jsonify(error="no run is on", run_id=None), 409
    gevent.spawn(runner.stop)
    return jsonify(run_id=session.info.id), 202


def _stop_if_on(conductor: Conductor, run_id: str) -> None:
    runner = conductor.environment.runner
    if runner is not None and conductor.session is not None and conductor.session.info.id == run_id:
        runner.stop()


def _wanted(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise TypeError('send JSON like {"users": 20, "spawn_rate": 10, "run_time": 60}')
    users, rate, run_time = body.get("users", 1), body.get("spawn_rate"), body.get("run_time")
    if not isinstance(users, int) or isinstance(users, bool) or users < 1:
        raise ValueError(f"users is {users!r}; send a whole number of at least 1")
    rate = max(users / 2, 1.0) if rate is None else rate
    for name, value in (("spawn_rate", rate), ("run_time", run_time)):
        if value is not None and (not isinstance(value, int | float) or not 0 < value < 1e7):
            raise ValueError(f"{name} is {value!r}; send a number above zero")
    plan = {key: body[key] for key in ("run_id", "scenario", "baseline", "labels") if body.get(key) is not None}
    RunPlan(**plan)
    return {"users": users, "spawn_rate": float(rate), "run_time": run_time, "host": body.get("host"), "plan": plan}
