"""The control routes of a master (`/perf/...`): beside Locust's web UI and, headless, on a port of ours."""

import logging

import gevent
from flask import Blueprint, Flask, Response, jsonify, request
from gevent.pywsgi import WSGIServer

from perf_core.errors import PerfError
from perf_locust.admission import Admission, guard
from perf_locust.blocks import take_blocks
from perf_locust.conductor import Conductor
from perf_locust.pace_desk import PaceDesk
from perf_locust.pace_routes import pace_routes
from perf_locust.snapshots import ready_workers, run_status, take_snapshot
from perf_locust.start_request import StartRequest

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
        return _stop(conductor, request.get_json(silent=True))

    @routes.post("/blocks")
    def blocks() -> tuple[Response, int]:
        return take_blocks(conductor, request.get_json(silent=True))

    return routes


def refused_because_busy(conductor: Conductor) -> tuple[Response, int]:
    """Return the answer to a start while a run is on."""
    run_id = conductor.session.info.id if conductor.session else None
    return jsonify(error=f"run {run_id} is on; stop it or wait for its end", run_id=run_id), 409


def serve_headless(conductor: Conductor, desk: PaceDesk) -> str:
    """Serve the routes on a free loopback port, for a master without a web UI, and return the address."""
    app = Flask("perf_locust")
    guard(app, Admission(conductor.settings.token, login=None))
    app.register_blueprint(control_routes(conductor))
    app.register_blueprint(pace_routes(desk))
    server = WSGIServer(("127.0.0.1", 0), app, log=None, error_log=log)
    server.start()
    return f"http://127.0.0.1:{server.server_port}"


def _start_if_free(conductor: Conductor, timers: list[gevent.Greenlet]) -> tuple[Response, int]:
    if conductor.session is not None or conductor.finishing:
        return refused_because_busy(conductor)
    try:
        wanted = StartRequest.of(request.get_json(silent=True))
    except PerfError as cause:
        return jsonify(error=str(cause), exit_code=cause.exit_code), 422
    connected = ready_workers(conductor)
    if not conductor.ready or connected < wanted.workers:
        needed = f"{connected} of {wanted.workers} workers are" if wanted.workers else "the workers are not"
        return jsonify(error=f"{needed} ready; wait a few seconds", run_id=None), 503
    return _start(conductor, wanted, timers)


def _start(conductor: Conductor, wanted: StartRequest, timers: list[gevent.Greenlet]) -> tuple[Response, int]:
    environment, runner = conductor.environment, conductor.environment.runner
    environment.host = wanted.host or conductor.host
    try:
        plan = wanted.plan(conductor.settings.plan)
        if plan.run_id is not None:
            conductor.store.check_new(plan.run_id)
        conductor.prepare(plan)
    except PerfError as cause:
        return jsonify(error=str(cause), run_id=None, exit_code=cause.exit_code), 422
    gevent.killall(timers, block=False)
    timers.clear()
    setattr(environment.parsed_options, "run_time", wanted.run_time)  # noqa: B010  Locust's namespace is untyped
    before = conductor.last
    if runner is None:
        return jsonify(error="Locust has no runner yet; wait a few seconds", run_id=None), 503
    if environment.shape_class:
        greenlet = gevent.spawn(runner.start_shape)
    else:
        greenlet = gevent.spawn(runner.start, wanted.users, wanted.spawn_rate)
    while conductor.session is None and conductor.last is before and not greenlet.ready():
        gevent.sleep(0.01)
    if conductor.session is None:
        return jsonify(error=conductor.message or "the run did not start; see the master's log", run_id=None), 500
    if wanted.run_time:
        timers.append(gevent.spawn_later(wanted.run_time, _stop_if_on, conductor, conductor.session.info.id))
    return jsonify(run_id=conductor.session.info.id), 202


def _stop(conductor: Conductor, body: object) -> tuple[Response, int]:
    """Stop the run that is on; a body that names a run stops no other."""
    session, runner = conductor.session, conductor.environment.runner
    if session is None or runner is None:
        return jsonify(error="no run is on", run_id=None), 409
    meant = body.get("run_id") if isinstance(body, dict) else None
    if meant not in (None, session.info.id):
        return jsonify(error=f"run {meant} is not on, run {session.info.id} is", run_id=session.info.id), 409
    gevent.spawn(runner.stop)
    return jsonify(run_id=session.info.id), 202


def _stop_if_on(conductor: Conductor, run_id: str) -> None:
    runner = conductor.environment.runner
    if runner is not None and conductor.session is not None and conductor.session.info.id == run_id:
        runner.stop()
