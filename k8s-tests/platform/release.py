"""A release of the chart on a real cluster: Helm and kubectl around it, and doors to its services."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from door import Door
from kubernetes import client
from waiting import run, until

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts/perf-platform"
READY = 240.0
_SERVED = re.compile(
    r'^http_server_request_duration_seconds_count\{.*route="/v1/items.*\} ([0-9.e+]+)$', re.MULTILINE
)


_BUSY = ("a worker's event loop was", "a worker used more than", "it never reached a steady state")
"""Reasons why a run is SUSPECT that lie in a busy test machine and not in the platform."""


def held_against(facts: Mapping[str, Any]) -> list[str]:
    """Return the reasons why a run is not VALID, but for a busy test machine."""
    return [each for each in facts["validity_reasons"] if not each.startswith(_BUSY)]


@dataclass
class Release:
    """The release `name` in a namespace; `values` are files, `settings` single values of the chart."""

    core: client.CoreV1Api
    namespace: str
    name: str
    values: Sequence[Path]
    settings: dict[str, str] = field(default_factory=dict)
    _doors: dict[str, Door] = field(default_factory=dict)

    def install(self) -> None:
        """Install it and wait until all pods are ready."""
        self.helm("install", self.name, str(CHART), *self._options(), "--wait", "--timeout", f"{READY:.0f}s")

    def functional_tests_ended(self) -> str:
        """Wait until the functional Job of the first revision has ended, and return how; it asks the API, too."""

        def ended() -> str:
            job = self.component("functional-tests-1")
            status = self.kubectl("get", "job", job, "-o", "jsonpath={.status.conditions[*].type}", ok=False)
            return status if "Complete" in status or "Failed" in status else ""

        return until(ended, "the functional Job", 400)

    def upgrade(self, chart: Path = CHART, **more: str) -> None:
        """Upgrade it, with further settings."""
        self.settings |= {key.replace("__", "."): value for key, value in more.items()}
        self.helm("upgrade", self.name, str(chart), *self._options(), "--wait", "--timeout", f"{READY:.0f}s")

    def helm(self, *arguments: str, ok: bool = True) -> str:
        """Run Helm in the namespace."""
        return run("helm", "-n", self.namespace, *arguments, ok=ok)

    def kubectl(self, *arguments: str, ok: bool = True) -> str:
        """Run kubectl in the namespace."""
        return run("kubectl", "-n", self.namespace, *arguments, ok=ok)

    def component(self, name: str) -> str:
        """Return the name of a component's objects."""
        return f"{self.name}-perf-platform-{name}"

    def pods(self, component: str) -> list[client.V1Pod]:
        """Return the pods of a component that are not going."""
        selector = f"app.kubernetes.io/instance={self.name},app.kubernetes.io/component={component}"
        found = self.core.list_namespaced_pod(self.namespace, label_selector=selector).items
        return [pod for pod in found if pod.metadata.deletion_timestamp is None]

    def ready(self, component: str) -> list[client.V1Pod]:
        """Return those that are ready."""
        return [
            pod
            for pod in self.pods(component)
            if any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or ())
        ]

    def secret(self, name: str, key: str) -> str:
        """Return one value of a Secret."""
        return base64.b64decode(self.core.read_namespaced_secret(name, self.namespace).data[key]).decode()

    @property
    def token(self) -> str:
        """The bearer token of scripts."""
        return self.secret(self.component("web"), "token")

    def door(self, component: str, port: int) -> str:
        """Return the address of a component's service here; its port-forward is renewed when it has ended."""
        door = self._doors.setdefault(component + str(port), Door(self.namespace, self.component(component), port))
        return door.url

    def ask(self, path: str, body: object = None, method: str = "") -> Any:
        """Return what the master answers to a script, decoded."""
        answer = httpx.request(
            method or ("GET" if body is None else "POST"),
            f"{self.door('master', 8089)}{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def served(self) -> int:
        """Return the requests that the API itself counted since its start."""
        text = httpx.get(f"{self.door('api', 9000)}/metrics", timeout=30).raise_for_status().text
        return int(sum(float(each) for each in _SERVED.findall(text)))

    def start_run(self, users: int, seconds: int, **more: object) -> str:
        """Start a run as soon as the workers are there and return its id."""

        def started() -> str:
            answer = httpx.post(
                f"{self.door('master', 8089)}/perf/run/start",
                json={"users": users, "spawn_rate": users, "run_time": seconds, **more},
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=60,
            )
            assert answer.status_code in {202, 503}, answer.text
            return str(answer.json()["run_id"]) if answer.status_code == 202 else ""

        return until(started, "workers that are ready for a run")

    def finished(self, run_id: str, seconds: float = READY) -> dict[str, Any]:
        """Wait until the run is judged and stored and return its facts."""

        def over() -> dict[str, Any] | None:
            found = next((each for each in self.ask("/perf/runs")["runs"] if each["id"] == run_id), None)
            return found if found and found["state"] in {"finished", "interrupted"} else None

        return until(over, f"the end of run {run_id}", seconds)

    def report(self, run_id: str) -> str:
        """Return the HTML report of a run."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.door('master', 8089)}/perf/runs/{run_id}/report"
        return httpx.get(url, headers=headers, timeout=60).raise_for_status().text

    def close(self) -> None:
        """Close the doors."""
        for door in self._doors.values():
            door.close()

    def _options(self) -> list[str]:
        files = [part for path in self.values for part in ("-f", str(path))]
        return [*files, *(part for key, value in self.settings.items() for part in ("--set", f"{key}={value}"))]
