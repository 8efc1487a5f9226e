"""Starts and finishes the recording of the target's own custom metrics together with a run."""

import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Mapping

from perf_locust.conductor import Conductor

log = logging.getLogger(__name__)
TIMEOUT = 2.0
"""Seconds per request: a target that does not answer must not hold up the load."""
_WAY_TO_RECORDING: Mapping[str, tuple[str, ...]] = {
    "idle": ("start",),
    "recording": ("finish", "reset", "start"),  # left on by a run whose master was killed
    "paused": ("reset", "start"),
    "finished": ("reset", "start"),
}


class MetricsSwitch:
    """Drives the metrics controller that the plan of a run, or PERF_METRICS_CONTROLLER, names; without one, nothing.

    A controller that cannot be driven is worth a warning, never a run. Where it asks for a token, that is
    PERF_API_ADMIN_TOKEN.
    """

    def __init__(self, conductor: Conductor, environment: Mapping[str, str] = os.environ) -> None:
        """Know whose runs to follow."""
        self._conductor = conductor
        self._named = environment.get("PERF_METRICS_CONTROLLER")
        self._token = environment.get("PERF_API_ADMIN_TOKEN")
        self._recording: str | None = None

    def on_test_start(self, **_: object) -> None:
        """Start a new recording; to be called when the run is open and has its id."""
        url, session = self._conductor.plan.metrics_controller or self._named, self._conductor.session
        if not url or session is None:
            return
        try:
            state = str(self._request(url)["state"])
            for action in _WAY_TO_RECORDING[state]:
                self._request(url, {"action": action} | ({"run_id": session.info.id} if action == "start" else {}))
        except (OSError, ValueError, KeyError) as cause:
            log.warning("custom metrics are not recorded: %s; correct target.metrics_controller", _said(url, cause))
        else:
            self._recording = url

    def on_test_stop(self, **_: object) -> None:
        """Finish the recording of this run."""
        url, self._recording = self._recording, None
        if url is None:
            return
        try:
            self._request(url, {"action": "finish"})
        except (OSError, ValueError) as cause:
            log.warning("the recording of custom metrics was not finished: %s; finish or reset it", _said(url, cause))

    def _request(self, url: str, body: Mapping[str, str] | None = None) -> dict[str, object]:
        address = url.rstrip("/") + ("" if body is None else "/transitions")
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, headers)  # noqa: S310  the configuration accepts HTTP only
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
            seen = json.load(answer)
        if not isinstance(seen, dict):
            raise ValueError("the answer is not that of a metrics controller")  # noqa: TRY004  same remedy
        return seen


def _said(url: str, cause: Exception) -> str:
    """Return what went wrong where; the body of a refusal says more than its status."""
    detail = ""
    if isinstance(cause, urllib.error.HTTPError):
        with cause:
            detail = cause.read(500).decode(errors="replace")
    return f"{url} says {cause} {detail}".rstrip()
