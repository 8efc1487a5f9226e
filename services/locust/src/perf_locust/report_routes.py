"""`GET /perf/runs/RUN/report` and the other files of a run, for the links in reports, mails and webhooks."""

from flask import Blueprint, Response, jsonify

from perf_core.errors import PerfError
from perf_core.runstore import RunStore
from perf_locust.native_thread import in_native_thread

_FILES = {
    "report": ("report.html", "text/html; charset=utf-8"),
    "comparison": ("comparison.json", "application/json"),
    "junit": ("junit.xml", "application/xml"),
    "summary": ("summary.md", "text/markdown; charset=utf-8"),
}


def report_routes(store: RunStore) -> Blueprint:
    """Return the routes; who may use them is decided before."""
    routes = Blueprint("perf_reports", __name__, url_prefix="/perf/runs")

    @routes.get("/<run_id>/<kind>")
    def get(run_id: str, kind: str) -> Response | tuple[Response, int]:
        if kind not in _FILES:
            return jsonify(error=f"there is no {kind} of a run; ask for {', '.join(_FILES)}"), 404
        name, mimetype = _FILES[kind]
        try:
            path = store.folder(run_id).path / name
            data = in_native_thread(path.read_bytes)
        except (PerfError, OSError) as cause:
            return jsonify(error=str(cause) if isinstance(cause, PerfError) else f"run {run_id} has no {name}"), 404
        return Response(data, content_type=mimetype)

    return routes
