"""What we add to Locust's web UI: control routes, our section in its report, no second start during a run."""

from flask import Response, jsonify, request
from locust.web import WebUI

from perf_core.errors import PerfError
from perf_locust.conductor import Conductor
from perf_locust.control import control_routes, is_loopback, refused_because_busy
from perf_locust.own_section import with_own_section


def extend(web_ui: WebUI, conductor: Conductor) -> None:
    """Extend the web UI before it starts; `conductor.url` becomes its address."""
    app = web_ui.app
    if app is None:
        return
    loopback = is_loopback(web_ui.host)
    app.register_blueprint(control_routes(conductor, listens_on_loopback=loopback))
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
            response.set_data(with_own_section(response.get_data(as_text=True), conductor))
        return response
