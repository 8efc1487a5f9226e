"""What runs are started with: the configuration file, the master's plan, run Job, schedule, turns, upgrade guard."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from perf_cli.configuration import file_layer
from perf_core.model.plan import RunPlan

RUN = {
    "users": 20,
    "spawnRate": 2.5,
    "runTime": "1h30m",
    "scenario": 'check "out"',
    "baseline": "latest",
    "strict": True,
    "labels": {"team": "shop", "build": 1234567890},
    "thresholds": {"slow": "p95 < 300ms", "guard": "off"},
}
SECRET = "rel-perf-platform-web"


def _configured(release: Any, folder: Path) -> dict[str, object]:
    path = folder / "perf-platform.toml"
    path.write_text(release.one("ConfigMap", "run")["data"][path.name])
    return {name: setting.value for name, setting in file_layer(path).items()}


def test_the_configuration_file_is_one_that_the_command_reads(chart: Any, tmp_path: Path) -> None:
    assert _configured(chart.render({"run": RUN}), tmp_path) == {
        "host": "http://rel-perf-platform-api:8000",
        "users": 20,
        "spawn_rate": 2.5,
        "run_time": 5400.0,
        "scenario": 'check "out"',
        "baseline": "latest",
        "strict": True,
        "target.metrics_controller": "http://rel-perf-platform-api:8000/v1/metrics-controller",
        "labels.team": "shop",
        "labels.build": "1234567890",
        "thresholds.slow": "p95 < 300ms",
        "thresholds.guard": "off",
    }


def test_the_default_configuration_names_only_what_is_set(chart: Any, tmp_path: Path) -> None:
    assert _configured(chart.render({"target": {"metricsController": ""}}), tmp_path) == {
        "host": "http://rel-perf-platform-api:8000",
        "users": 10,
        "run_time": 120.0,
        "strict": False,
    }


def test_runs_of_the_web_ui_get_the_same(chart: Any) -> None:
    release = chart.render({"run": RUN})

    environment = _environment(_container(release.one("Deployment", "master")))
    plan = RunPlan.from_json(environment["PERF_RUN_PLAN"])
    assert (plan.scenario, plan.baseline, plan.strict) == ('check "out"', "latest", True)
    assert plan.labels == {"team": "shop", "build": "1234567890"}
    assert plan.thresholds == {"thresholds.slow": "p95 < 300ms", "thresholds.guard": "off"}
    assert plan.metrics_controller == "http://rel-perf-platform-api:8000/v1/metrics-controller"
    assert environment["LOCUST_USERS"] == "20"
    assert environment["LOCUST_SPAWN_RATE"] == "2.5"
    assert environment["LOCUST_RUN_TIME"] == "1h30m"


def test_an_own_metrics_controller_and_its_token_reach_the_master(chart: Any) -> None:
    target = {"url": "http://shop:1", "metricsController": "http://shop:2/mc", "existingSecret": "shop-token"}
    release = chart.render({"api": {"enabled": False}, "target": target})

    container = _container(release.one("Deployment", "master"))
    assert json.loads(_environment(container)["PERF_RUN_PLAN"])["metrics_controller"] == "http://shop:2/mc"
    (token,) = [each for each in container["env"] if each["name"] == "PERF_API_ADMIN_TOKEN"]
    assert token["valueFrom"]["secretKeyRef"] == {"name": "shop-token", "key": "admin-token"}


def test_run_job_and_schedule_ask_the_one_master(chart: Any) -> None:
    values = {"runJob": {"enabled": True, "args": ["--strict"]}, "schedule": {"enabled": True, "cron": "5 4 * * 1"}}
    release = chart.render(values)

    job, cron = release.one("Job", "run-1"), release.one("CronJob", "schedule")
    assert job["metadata"]["name"] == "rel-perf-platform-run-1"
    assert job["spec"]["backoffLimit"] == cron["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert cron["spec"]["concurrencyPolicy"] == "Forbid"
    assert cron["spec"]["schedule"] == "5 4 * * 1"
    for spec in (job["spec"], cron["spec"]["jobTemplate"]["spec"]):
        pod = spec["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["restartPolicy"] == "Never"
        assert container["command"] == ["/app/.venv/bin/perf-platform"]
        assert container["args"][:3] == ["run", "--master", "http://rel-perf-platform-master:8089"]
        assert container["args"][3:5] == ["--config", "/etc/perf-platform/perf-platform.toml"]
        assert {"name": "configuration", "configMap": {"name": "rel-perf-platform-run"}} in pod["volumes"]
        (token,) = [each for each in container["env"] if each["name"] == "PERF_MASTER_TOKEN"]
        assert token["valueFrom"]["secretKeyRef"] == {"name": SECRET, "key": "token"}
    assert job["spec"]["template"]["spec"]["containers"][0]["args"][-1] == "--strict"
    assert "create job run-now --from=cronjob/rel-perf-platform-schedule" in release.notes


def test_two_images_take_turns(chart: Any) -> None:
    values = {"ab": {"baselineImage": "api:1", "currentImage": "api:2", "workers": 2}, "runJob": {"enabled": True}}
    release = chart.render(values)

    sides = {name: release.one("Deployment", f"api-{name}")["spec"] for name in ("baseline", "current")}
    images = {name: spec["template"]["spec"]["containers"][0].pop("image") for name, spec in sides.items()}
    seeds = {name: spec["template"]["spec"]["initContainers"][0].pop("image") for name, spec in sides.items()}
    assert images == seeds == {"baseline": "api:1", "current": "api:2"}
    same = {json.dumps(spec, sort_keys=True).replace(f"api-{name}", "") for name, spec in sides.items()}
    assert len(same) == 1
    args = release.one("Job", "run-1")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args[:3] == ["ab", "-f", "/app/workload.py"]
    for side in sides:
        assert args[args.index(f"--{side}-host") + 1] == f"http://rel-perf-platform-api-{side}:8000"
    assert args[args.index("--workers") + 1] == "2"


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (200, {"state": "idle", "run_id": None}, 0, "no run is on"),
        (200, {"state": "running", "run_id": "r1"}, 1, "run r1 is running, and this upgrade may end it"),
        (200, {"state": "finishing", "run_id": "r1"}, 1, "run r1 is finishing"),
        (401, {}, 1, "answers 401"),
        (None, {}, 0, "does not answer"),
    ],
)
def test_the_upgrade_guard_refuses_while_a_run_is_on(
    chart: Any, status: int | None, body: dict[str, Any], code: int, said: str
) -> None:
    release = chart.render({"upgradeGuard": {"enabled": True}})
    (job,) = [each for each in release.all("Job") if each["metadata"]["name"].endswith("upgrade-guard")]
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade,pre-rollback"
    (container,) = job["spec"]["template"]["spec"]["containers"]

    with _master(status, body) as (address, seen):
        done = subprocess.run(
            [sys.executable, *container["command"][1:], *container["args"]],
            env={"PERF_MASTER_URL": address, "PERF_MASTER_TOKEN": "secret"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done
    assert seen == ([] if status is None else ["Bearer secret"])


def test_a_named_secret_that_is_not_there_is_said_in_the_notes(chart: Any) -> None:
    notes = chart.render(
        {"web": {"existingSecret": "my-web"}, "runs": {"persistence": {"storageClass": "fast"}}}
    ).notes

    assert "WARNING: there is no Secret my-web in namespace perf" in notes
    assert "create secret generic my-web --from-literal=password=... --from-literal=token=..." in notes
    assert "unless there is a StorageClass fast" in notes
    assert "WARNING" not in chart.render().notes


@contextmanager
def _master(status: int | None, body: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["Authorization"])
            self.send_response(status or 500)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        if status is None:
            server.server_close()
            yield address, seen
            return
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield address, seen
        thread.join()


def _container(owner: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = owner["spec"]["template"]["spec"]["containers"][0]
    return found


def _environment(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}
