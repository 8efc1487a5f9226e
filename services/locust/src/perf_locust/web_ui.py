"""What we add to Locust's web UI: control routes, our section in its report, no second start during a run."""

import logging

import gevent
from flask import Flask, Response, jsonify, request
from locust.web import WebUI

from perf_core.errors import PerfError
from perf_locust.admission import Admission, guard, is_loopback
from perf_locust.baseline_routes import baseline_routes
from perf_locust.conductor import Conductor
from perf_locust.control import control_routes, refused_because_busy
from perf_locust.functional import functional_routes
from perf_locust.login_page import login_pages
from perf_locust.own_section import with_own_section
from perf_locust.pace_desk import PaceDesk
from perf_locust.pace_routes import pace_routes
from perf_locust.pages.doors import page_doors
from perf_locust.pages.routes import page_routes
from perf_locust.report_routes import report_routes
from perf_locust.settings import Settings
from perf_locust.store_routes import store_routes

log = logging.getLogger(__name__)


def extend(web_ui: WebUI, conductor: Conductor, desk: PaceDesk) -> None:
    """Extend the web UI before it starts; `conductor.url` becomes its address."""
    app = web_ui.app
    if app is None:
        return
    _guard(app, web_ui.host, conductor.settings)
    app.register_blueprint(control_routes(conductor))
    app.register_blueprint(pace_routes(desk))
    app.register_blueprint(report_routes(conductor.store))
    app.register_blueprint(store_routes(conductor.store))
    app.register_blueprint(baseline_routes(conductor.store))
    app.register_blueprint(functional_routes(conductor.settings.runs_dir))
    app.register_blueprint(page_doors())
    app.register_blueprint(page_routes(conductor, desk))
    conductor.url = f"http://{web_ui.host or '127.0.0.1'}:{web_ui.port}"

    @app.before_request
    def admit_start() -> tuple[Response, int] | Response | None:
        if request.method != "POST" or not request.path.endswith("/swarm"):
            return None
        if conductor.session is not None or conductor.finishing:
            return refused_because_busy(conductor)
        try:
            conductor.prepare(conductor.settings.plan, request.form.get("host"))
        except PerfError as cause:
            return jsonify(success=False, message=str(cause), host=conductor.environment.host)
        return None

    @app.after_request
    def insert_section(response: Response) -> Response:
        if request.path.endswith("/stats/report") and response.status_code == 200:
            page = response.get_data(as_text=True)  # read and drawn in a native thread: the loop has users to serve
            response.set_data(gevent.get_hub().threadpool.apply(with_own_section, (page, conductor)))
        return response


def _guard(app: Flask, host: str, settings: Settings) -> None:
    if is_loopback(host):
        guard(app, Admission(settings.token, login=None))
        return
    guard(app, Admission(settings.token, settings.login))
    app.register_blueprint(login_pages(settings.login))
    if settings.login.made_up:
        log.warning(
            "web login: user %s, password %s (made for this process; set PERF_WEB_PASSWORD to choose one)",
            settings.login.user,
            settings.login.password,
        )
