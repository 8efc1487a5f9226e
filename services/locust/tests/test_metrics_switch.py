"""Runs of a real Locust against the real service and its metrics controller."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from perf_core.model.plan import PLAN_VARIABLE, RunPlan
from perf_core.ports import free_port
from perf_core.runstore import RunStore

TOKEN = "a-token-of-the-test-0123456789"
LOCUSTFILE = """
from locust import FastHttpUser, constant, task
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def live(self): self.client.get("/health/live")
"""


def controller(url: str, action: str | None = None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    address = f"{url}/v1/metrics-controller" + ("/transitions" if action else "")
    data = json.dumps({"action": action}).encode() if action else None
    with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=10) as answer:
        seen: dict[str, Any] = json.load(answer)
        return seen


@pytest.fixture
def api(tmp_path: Path) -> Iterator[str]:
    port, metrics = free_port(), free_port()
    settings = {"PERF_API_QUEUE_SECONDS": "0.05", "PERF_API_ADMIN_TOKEN": TOKEN}
    command = [sys.executable, "-m", "perf_api", "serve", "--port", str(port), "--metrics-port", str(metrics)]
    with (tmp_path / "api.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--database", f"sqlite:///{tmp_path}/api.db"],
            stdout=log, stderr=log, env=os.environ | settings,
        )  # fmt: skip
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while True:
        try:
            controller(url)
            break
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((tmp_path / "api.log").read_text()) from None
            time.sleep(0.05)
    yield url
    process.kill()
    process.wait()


def run(locusts, url: str, monkeypatch: pytest.MonkeyPatch, metrics_controller: str) -> str:
    (locusts.folder / "plain.py").write_text(LOCUSTFILE)
    monkeypatch.setenv(PLAN_VARIABLE, RunPlan(metrics_controller=metrics_controller).to_json())
    monkeypatch.setenv("PERF_API_ADMIN_TOKEN", TOKEN)
    process = locusts.start("master", "--headless", "-H", url, "-u", "2", "-r", "2", "-t", "1s")
    assert process.wait(120) == 0, locusts.log()
    return max(run.id for run in RunStore(locusts.folder / "runs").list())


@pytest.mark.parametrize("left", [[], ["start"], ["start", "pause"]], ids=["idle", "recording", "paused"])
def test_a_run_records_custom_metrics_from_its_start_to_its_stop(api, locusts, monkeypatch, left) -> None:
    for action in left:
        controller(api, action)

    run_id = run(locusts, api, monkeypatch, f"{api}/v1/metrics-controller/")
    seen = controller(api)

    assert (seen["state"], seen["run_id"]) == ("finished", run_id)
    assert seen["active_seconds"] > 0.5
    assert {queue["queue"] for queue in seen["queues"]} == {"invoices", "mail", "thumbnails"}
    assert "custom metrics" not in locusts.log()


def test_a_controller_that_is_none_is_a_warning_and_the_run_goes_on(api, locusts, monkeypatch) -> None:
    run_id = run(locusts, api, monkeypatch, f"{api}/no-such-controller")

    assert RunStore(locusts.folder / "runs").load(run_id).requests > 0
    assert "custom metrics are not recorded" in locusts.log()
    assert "target.metrics_controller" in locusts.log()
    assert controller(api)["state"] == "idle"
