"""The outcome of the functional tests of a deployed release: their JUnit file, kept beside the runs."""

import xml.etree.ElementTree as ET
from dataclasses import asdict, dataclass
from pathlib import Path

from flask import Blueprint, Response, jsonify, request

from perf_core.errors import PerfError
from perf_core.runstore.atomic import write_atomically
from perf_locust.native_thread import in_native_thread

FILE = "functional-junit.xml"
MAX_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class FunctionalOutcome:
    """Tests by outcome, and when they ended (Unix seconds)."""

    passed: int
    failed: int
    skipped: int
    at: float


def read_outcome(runs_dir: Path) -> FunctionalOutcome | None:
    """Return the outcome that is kept; None when there is none, or the file is no JUnit file."""
    path = runs_dir / FILE
    try:
        return outcome_of(path.read_bytes(), path.stat().st_mtime)
    except (OSError, PerfError):
        return None


def outcome_of(junit: bytes, at: float) -> FunctionalOutcome:
    """Count the tests of a JUnit file that ended at `at`.

    Raises:
        PerfError: it is none.
    """
    try:
        cases = list(ET.fromstring(junit).iter("testcase"))  # noqa: S314  sent with the master's own token
    except ET.ParseError as cause:
        raise PerfError(f"this is no JUnit file ({cause}); send what pytest --junitxml wrote") from cause
    outcomes = [_outcome(case) for case in cases]
    return FunctionalOutcome(outcomes.count("passed"), outcomes.count("failed"), outcomes.count("skipped"), at)


def functional_routes(runs_dir: Path) -> Blueprint:
    """Return `PUT /perf/functional` (JUnit) and `GET /perf/functional` (counts)."""
    routes = Blueprint("perf_functional", __name__, url_prefix="/perf")

    @routes.put("/functional")
    def put() -> tuple[Response, int]:
        if (request.content_length or MAX_BYTES + 1) > MAX_BYTES:
            return jsonify(error=f"send a JUnit file of at most {MAX_BYTES >> 20} MiB with its Content-Length"), 413
        try:
            outcome = outcome_of(request.get_data(), 0.0)
            # In a native thread: an fsync on the event loop would delay every user of a run that is on.
            in_native_thread(write_atomically, runs_dir / FILE, request.get_data())
        except PerfError as cause:
            return jsonify(error=str(cause)), 422
        return jsonify(passed=outcome.passed, failed=outcome.failed, skipped=outcome.skipped), 200

    @routes.get("/functional")
    def get() -> tuple[Response, int]:
        outcome = read_outcome(runs_dir)
        return (jsonify(asdict(outcome)), 200) if outcome else (jsonify(error="no functional test has run yet"), 404)

    return routes


def _outcome(case: ET.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "passed" if case.find("skipped") is None else "skipped"
