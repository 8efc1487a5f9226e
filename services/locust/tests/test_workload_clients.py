"""The reference workload with both of its user classes, on the reference service."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from perf_core.compare.document import read_comparison
from perf_core.model.plan import PLAN_VARIABLE, RunPlan
from perf_core.model.verdict import Verdict
from perf_core.runstore import RunStore

CLIENTS = ("FastHttpUser", "FastUser")
SLOW = "/v1/items/{item_id}/delivery-quote"


@pytest.fixture
def service(tmp_path: Path, locusts) -> Iterator[str]:
    """The reference service on its embedded database, seeded."""
    database, port = f"sqlite:///{tmp_path / 'api.db'}", locusts.free_port()
    api = [sys.executable, "-m", "perf_api"]
    subprocess.run([*api, "seed", "--items", "300", "--database", database], check=True, capture_output=True)
    serve = [*api, "serve", "--port", str(port), "--metrics-port", str(locusts.free_port()), "--database", database]
    process = subprocess.Popen([*serve, "--no-access-log", "--drain", "0", "--enable-faults"])
    url = f"http://127.0.0.1:{port}"
    try:
        locusts.eventually(lambda: answers(f"{url}/health/ready"), "the service")
        yield url
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url).close()
    except OSError:
        return False
    return True


def run_both(locusts, service: str, number: int) -> None:
    """Run the workload with both classes at the same time; the second runs are compared with the first."""
    running = []
    for client in CLIENTS:
        baseline = f"{client}-1" if number > 1 else "none"
        plan = RunPlan(run_id=f"{client}-{number}", scenario=client, baseline=baseline)
        locusts.environment.update({"PERF_WORKLOAD_CLIENT": client, PLAN_VARIABLE: plan.to_json()})
        load = ("--headless", "-H", service, "-u", "12", "-r", "24", "-t", "17s")
        running.append(locusts.start(f"{client}-{number}", *load))
    for client, process in zip(CLIENTS, running, strict=True):
        assert process.wait(120) in {0, 3, 4}, locusts.log(f"{client}-{number}")


def test_both_user_classes_give_the_same_verdict_on_an_endpoint_that_became_slow(locusts, service: str) -> None:
    (locusts.folder / "plain.py").write_text("from perf_locust.workload import Shopper")
    store = RunStore(locusts.folder / "runs")

    run_both(locusts, service, 1)
    fault = json.dumps({"method": "GET", "route": SLOW, "slowdown": 8.0}).encode()
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{service}/admin/faults", fault, headers, method="PUT")).close()
    run_both(locusts, service, 2)

    comparisons = [read_comparison(store.folder(f"{client}-2").path / "comparison.json") for client in CLIENTS]
    assert [each.verdict for each in comparisons] == [Verdict.REGRESSED] * 2
    quotes = [
        next(one.verdict for one in each.endpoints if one.key.name.endswith("/delivery-quote"))
        for each in comparisons
    ]
    assert quotes == [Verdict.REGRESSED] * 2
