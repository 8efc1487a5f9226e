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

CLIENTS = ("FastHttpUser", "FastUser")
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


def run_together(locusts, service: Service, baselines: dict[str, str]) -> None:
    """Make runs of these ids at the same time, each with the class it begins with and judged against its baseline."""
    running = {}
    for run_id, baseline in baselines.items():
        client = run_id.partition("-")[0]
        plan = RunPlan(run_id=run_id, scenario=client, baseline=baseline)
        locusts.environment.update({"PERF_WORKLOAD_CLIENT": client, PLAN_VARIABLE: plan.to_json()})
        load = ("--headless", "-H", service.url, "-u", "10", "-r", "20", "-t", "17s", "--stop-timeout", "10")
        running[run_id] = locusts.start(run_id, *load)
    for run_id, process in running.items():
        assert process.wait(120) in {0, 3, 4}, locusts.log(run_id)


def faults(recording: Recording) -> list[str]:
    """Return why a run is not VALID, unless it is that the machine became busier or calmer meanwhile."""
    return [each for each in recording.info.validity_reasons if "never reached a steady state" not in each]


def test_both_user_classes_lose_nothing_and_give_the_same_verdicts(locusts, service: Service) -> None:
    (locusts.folder / "plain.py").write_text("from perf_locust.workload import Shopper")
    store = RunStore(locusts.folder / "runs")

    # The two of FastUser are of one build and at the same time: what disturbs the machine disturbs both.
    run_together(locusts, service, {"FastHttpUser-1": "none", "FastUser-1": "none", "FastUser-same": "none"})
    service.slow_down()
    run_together(locusts, service, {f"{client}-2": f"{client}-1" for client in CLIENTS})

    recordings = {info.id: store.load(info.id) for info in store.list()}
    assert len(recordings) == 5
    assert sum(recording.requests for recording in recordings.values()) == service.served()
    assert {name: recording.failures for name, recording in recordings.items()} == dict.fromkeys(recordings, 0)
    assert {name: faults(recording) for name, recording in recordings.items()} == {name: [] for name in recordings}
    same_build = compare_runs(recordings["FastUser-same"], recordings["FastUser-1"])
    assert same_build.verdict in {Verdict.UNCHANGED, Verdict.INCONCLUSIVE, Verdict.IMPROVED}, same_build.explanation
    for client in CLIENTS:
        slower = read_comparison(store.folder(f"{client}-2").path / "comparison.json")
        assert slower.verdict is Verdict.REGRESSED, client
        (quote,) = (each for each in slower.endpoints if each.key.name.endswith("/delivery-quote"))
        assert quote.verdict is Verdict.REGRESSED, client
