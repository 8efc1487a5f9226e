"""The whole platform on one machine: service, Locust master with its web UI, two workers, each a real process."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from perf_cli.master_client import MasterClient
from perf_cli.processes import Processes
from perf_core.errors import PerfError
from perf_core.ports import free_port

ITEMS = 300
SCENARIO = "reference"


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack."""

    processes: Processes
    api: str
    api_metrics: str
    exporter: str
    master: MasterClient


def start_stack(
    processes: Processes,
    *,
    faults: bool,
    workers: int = 2,
    web_port: int | None = None,
    prometheus_port: int | None = None,
) -> Stack:
    """Start everything on free loopback ports and wait until it answers; reports ask the Prometheus at that port.

    Raises:
        PerfError: a part is not installed, or does not come up.
    """
    if find_spec("perf_api") is None:
        raise PerfError("the reference service is not installed; install it with pip install 'perf-platform[demo]'")
    if find_spec("perf_exporter") is None:
        raise PerfError("the exporter is not installed; install it with pip install 'perf-platform[demo]'")
    database = f"sqlite:///{processes.logs / 'api.db'}"
    api, metrics, web, bus, exporter = (free_port() for _ in range(5))
    web, python = web_port or web, sys.executable
    seeding = processes.start(
        "seed", [python, "-m", "perf_api", "seed", "--items", str(ITEMS), "--database", database]
    )
    locust = [python, "-m", "perf_locust", "-f", str(reference_workload())]
    host = f"http://127.0.0.1:{api}"
    ports = ["--web-host", "127.0.0.1", "--web-port", str(web), "--master-bind-host", "127.0.0.1"]
    own = ["--master", *ports, "--master-bind-port", str(bus), "--expect-workers", str(workers), "-H", host]
    token = {"PERF_MASTER_TOKEN": "loopback"}
    asked = {"PERF_PROMETHEUS_URL": f"http://127.0.0.1:{prometheus_port}"} if prometheus_port else {}
    processes.start("master", [*locust, *own, "--stop-timeout", "10"], token | asked)
    for number in range(1, workers + 1):
        join = ["--worker", "--master-host", "127.0.0.1", "--master-port", str(bus)]
        processes.start(f"worker-{number}", [*locust, *join])
    master = MasterClient(f"http://127.0.0.1:{web}", "")
    observe = [python, "-m", "perf_exporter", "--master", master.url, "--host", "127.0.0.1", "--port", str(exporter)]
    processes.start("exporter", observe, token)
    if seeding.wait(60):  # beside the others, which take longer to start
        processes.check("seed")
    processes.forget("seed")
    serve = [python, "-m", "perf_api", "serve", "--port", str(api), "--metrics-port", str(metrics)]
    # No line per request: hours of load would fill the disk. No drain: the load ends with the service. No waiting for
    # the disk: what else it is doing would be measured. A carrier and a distance that take long beside what a busy
    # machine adds: an embedded database answers in 2 ms, and in 4 ms when something else is at work.
    serve += ["--database", database, "--no-access-log", "--drain", "0", "--sqlite-synchronous", "normal"]
    serve += ["--carrier-latency", "0.08", "--network-latency", "0.03"]
    processes.start("api", [*serve, *(["--enable-faults"] if faults else [])])
    api_page, exporter_page = (f"http://127.0.0.1:{port}/metrics" for port in (metrics, exporter))
    stack = Stack(processes, host, api_page, exporter_page, master)
    wait_until_answers(processes, f"{host}/health/ready", "the service")
    wait_until_answers(processes, f"http://127.0.0.1:{exporter}/healthz", "the exporter")
    wait_until(processes, lambda: is_ready(stack.master), "Locust")
    return stack


def reference_workload() -> Path:
    """Return the file of the reference workload; to import it would bring Locust along, seconds of work."""
    spec = find_spec("perf_locust")
    if spec is None or spec.origin is None:
        raise PerfError("the Locust plugin is not installed; install it with pip install perf-platform")
    return Path(spec.origin).with_name("workload.py")


def wait_until(processes: Processes, answers: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait until something answers while all parts live.

    Raises:
        PerfError: it does not in time, or a part died.
    """
    deadline = time.monotonic() + seconds
    while not answers():
        processes.check()
        if time.monotonic() > deadline:
            raise PerfError(f"{what} did not become ready within {seconds:.0f} s; see the logs in {processes.logs}")
        time.sleep(0.2)


def wait_until_answers(processes: Processes, url: str, what: str) -> None:
    """Wait until a URL answers 200 while all parts live; errors as `wait_until`."""
    wait_until(processes, lambda: _answers(url), what)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  loopback
            return bool(answer.status == 200)
    except OSError:
        return False


def is_ready(master: MasterClient) -> bool:
    """Return whether the master answers and a run can be started."""
    try:
        return bool(master.get("/perf/run")["ready"])
    except PerfError:
        return False
