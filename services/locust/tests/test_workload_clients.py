"""The reference workload with both of its user classes, on the reference service."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from perf_core.compare import compare_runs
from perf_core.compare.document import read_comparison
from perf_core.model.plan import PLAN_VARIABLE, RunPlan
from perf_core.model.series import Recording
from perf_core.model.verdict import Verdict
from perf_core.runstore import RunStore

CLIENTS = {"FastHttpUser": "FastHttpUser", "FastUser": "FastUser", "FastUser-again": "FastUser"}
"""The runs at the same time, and their classes: two of FastUser, so that one judges the other on the same build."""
ROUTE = "/v1/items/{item_id}/delivery-quote"


@dataclass(frozen=True)
class Service:
    """The reference service on its embedded database, seeded."""

    url: str
    metrics: str

    def served(self) -> int:
        """Return how many requests of its API it has answered."""
        lines = fetched(self.metrics).decode().splitlines()
        counted = [line for line in lines if line.startswith("http_server_request_duration_seconds_count{")]
        return sum(int(float(line.rpartition(" ")[2])) for line in counted if 'route="/v1/' in line)

    def slow_down(self) -> None:
        """Make the delivery quotes take eight times as long, which is seen on a busy machine too."""
        fault = json.dumps({"method": "GET", "route": ROUTE, "slowdown": 8.0}).encode()
        headers = {"Content-Type": "application/json"}
        fetched(urllib.request.Request(f"{self.url}/admin/faults", fault, headers, method="PUT"))


@pytest.fixture
def service(tmp_path: Path, locusts) -> Iterator[Service]:
    database, port, metrics_port = f"sqlite:///{tmp_path / 'api.db'}", locusts.free_port(), locusts.free_port()
    api = [sys.executable, "-m", "perf_api"]
    subprocess.run([*api, "seed", "--items", "300", "--database", database], check=True, capture_output=True)
    serve = [*api, "serve", "--port", str(port), "--metrics-port", str(metrics_port), "--database", database]
    process = subprocess.Popen([*serve, "--no-access-log", "--drain", "0", "--enable-faults"])
    url = f"http://127.0.0.1:{port}"
    try:
        locusts.eventually(lambda: answers(f"{url}/health/ready"), "the service")
        yield Service(url, f"http://127.0.0.1:{metrics_port}/metrics")
    finally:
        process.kill()
        process.wait()


def fetched(asked: str | urllib.request.Request) -> bytes:
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return bytes(answer.read())


def answers(url: str) -> bool:
    try:
        fetched(url)
    except OSError:
        return False
    return True


def run_all(locusts, service: Service, number: int) -> None:
    """Run the workload as each of the clients at the same time; the second runs are compared with the first."""
    running = []
    for name, client in CLIENTS.items():
        baseline = f"{name}-1" if number > 1 else "none"
        plan = RunPlan(run_id=f"{name}-{number}", scenario=client, baseline=baseline)
        locusts.environment.update({"PERF_WORKLOAD_CLIENT": client, PLAN_VARIABLE: plan.to_json()})
        load = ("--headless", "-H", service.url, "-u", "10", "-r", "20", "-t", "17s", "--stop-timeout", "10")
        running.append(locusts.start(f"{name}-{number}", *load))
    for name, process in zip(CLIENTS, running, strict=True):
        assert process.wait(120) in {0, 3, 4}, locusts.log(f"{name}-{number}")


def faults(recording: Recording) -> list[str]:
    """Return why a run is not VALID, unless it is that the machine became busier or calmer meanwhile."""
    return [each for each in recording.info.validity_reasons if "never reached a steady state" not in each]


def test_both_user_classes_lose_nothing_and_give_the_same_verdicts(locusts, service: Service) -> None:
    (locusts.folder / "plain.py").write_text("from perf_locust.workload import Shopper")
    store = RunStore(locusts.folder / "runs")

    run_all(locusts, service, 1)
    service.slow_down()
    run_all(locusts, service, 2)

    recordings = {name: store.load(name) for client in CLIENTS for name in (f"{client}-1", f"{client}-2")}
    assert sum(recording.requests for recording in recordings.values()) == service.served()
    assert {name: recording.failures for name, recording in recordings.items()} == dict.fromkeys(recordings, 0)
    assert {name: faults(recording) for name, recording in recordings.items()} == {name: [] for name in recordings}
    # Two runs of one build at the same time: what disturbs the machine disturbs both.
    same_build = [compare_runs(recordings[f"FastUser-again-{n}"], recordings[f"FastUser-{n}"]) for n in (1, 2)]
    assert Verdict.REGRESSED not in {each.verdict for each in same_build}, same_build
    for client in CLIENTS:
        slower = read_comparison(store.folder(f"{client}-2").path / "comparison.json")
        assert slower.verdict is Verdict.REGRESSED, client
        (quote,) = (each for each in slower.endpoints if each.key.name.endswith("/delivery-quote"))
        assert quote.verdict is Verdict.REGRESSED, client
