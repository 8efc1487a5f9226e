"""A service as it runs for its users: a process of its own on free ports of the loopback."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

SECONDS_TO_START = 60


@dataclass(frozen=True, slots=True)
class Live:
    process: subprocess.Popen[bytes]
    url: str
    metrics: str
    log: Path

    def lines(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


Start = Callable[..., Live]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A function that starts a service and waits until it is ready, or only alive; killed at the end of the test."""
    started: list[Live] = []

    def run(database: str, health: str = "ready", **variables: str) -> Live:
        live = _serve(database, tmp_path, variables, health)
        started.append(live)
        return live

    yield run
    for live in started:
        live.kill()


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PERF_API_")}


def _serve(database: str, folder: Path, variables: dict[str, str], health: str) -> Live:
    log = folder / f"api-{time.monotonic_ns()}.log"
    settings = {"PERF_API_PORT": "0", "PERF_API_METRICS_PORT": "0", "PERF_API_DATABASE": database}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "perf_api", "serve"],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=clean_environment() | settings | variables,
            cwd=folder,
        )
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        ports = re.search(r'"port": (\d+), "metrics_port": (\d+)', log.read_text(encoding="utf-8"))
        if ports and _is(health, url := f"http://127.0.0.1:{ports[1]}"):
            return Live(process, url, f"http://127.0.0.1:{ports[2]}/metrics", log)
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise AssertionError(log.read_text(encoding="utf-8"))


def _is(health: str, url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/{health}", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
