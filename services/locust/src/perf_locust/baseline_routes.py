"""`/perf/baseline`: which runs of this master others are judged against."""

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request

from perf_core.errors import PerfError
from perf_core.runstore import RunStore
from perf_core.runstore.promoting import change_baseline, promotions
from perf_locust.native_thread import in_native_thread
from perf_locust.refusals import refused


def baseline_routes(store: RunStore) -> Blueprint:
    """Return the routes; who may use them is decided before."""
    routes = Blueprint("perf_baseline", __name__, url_prefix="/perf")
    routes.register_error_handler(PerfError, refused)

    @routes.get("/baseline")
    def baselines() -> Response:
        return jsonify(baselines=in_native_thread(lambda: [asdict(each) for each in promotions(store)]))

    @routes.post("/baseline")
    def change() -> Response:
        wanted = _texts(request.get_json(silent=True))
        return jsonify(said=in_native_thread(lambda: change_baseline(store, wanted)))

    return routes


def _texts(body: object) -> dict[str, str]:
    if not isinstance(body, dict) or not all(isinstance(value, str) for value in body.values()):
        raise PerfError('send JSON like {"action": "set", "run": "RUN", "by": "YOU"}')
    return {str(name): value for name, value in body.items()}
