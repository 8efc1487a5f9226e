"""Proves compose.yaml on this machine: all parts up, a run on three workers, the functional tests, nothing lost.

    .venv/bin/python tools/compose/prove.py --compose 'docker compose'
    .venv/bin/python tools/compose/prove.py --without grafana \
        --compose 'podman-compose -f compose.yaml -f tools/compose/stand-ins.yaml'

Needs the images (`make images`, or the *_IMAGE variables of compose.yaml) and the ports 3000, 8000, 8089 and 9090.
What it starts it takes down again, volumes included: run it where no volume of the platform is worth keeping.
"""

import argparse
import json
import os
import secrets
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0
"""Seconds that a part may take to be ready."""
API, MASTER, PROMETHEUS = (f"http://127.0.0.1:{port}" for port in (8000, 8089, 9090))
LONG_RUNNING = ["mongo", "seed", "api", "master", "worker", "exporter", "prometheus", "grafana"]


class Proof:
    """Runs commands with the secrets of this proof; a step that fails ends it with a sentence."""

    def __init__(self, compose: list[str], services: list[str]) -> None:
        self._compose, self._services = compose, services
        made = {name: secrets.token_hex(16) for name in ("PERF_MASTER_TOKEN", "PERF_WEB_PASSWORD")}
        self._environment = {**made, **os.environ}
        self._headers = {"Authorization": f"Bearer {self._environment['PERF_MASTER_TOKEN']}"}

    def compose(self, *words: str) -> str:
        """Run a compose command."""
        return self._run([*self._compose, *words])

    def up(self, *more: str) -> None:
        """Start every service that goes on running, and wait until all of Prometheus' targets are up."""
        self.compose("up", "--detach", *more, *self._services)
        wait(lambda: self.get(f"{API}/health/ready"), "the service")
        wait(lambda: self.get(f"{MASTER}/perf/health"), "the master")
        wait(self._all_targets, "every target of Prometheus")

    def get(self, url: str) -> str:
        """Return a page."""
        with urllib.request.urlopen(urllib.request.Request(url, headers=self._headers), timeout=10) as answer:
            text: str = answer.read().decode()
        return text

    def command(self, *words: str) -> str:
        """Run `perf-platform` against the master."""
        return self._run([sys.executable, "-m", "perf_cli", *words, "--master", MASTER], (0, 3, 4))

    def _all_targets(self) -> bool:
        targets = json.loads(self.get(f"{PROMETHEUS}/api/v1/targets?state=active"))["data"]["activeTargets"]
        return len(targets) == 3 and all(target["health"] == "up" for target in targets)

    def _run(self, words: list[str], allowed: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            words, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False, timeout=900
        )
        if done.returncode not in allowed:
            raise SystemExit(f"{shlex.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"[-4000:])
        return done.stdout


def wait(ready: Callable[[], object], what: str) -> None:
    """Wait until something is there, and say how long it took."""
    began = time.monotonic()
    while True:
        try:
            if ready():
                break
        except OSError:
            pass
        if time.monotonic() - began > PATIENCE:
            raise SystemExit(f"{what} is not ready after {PATIENCE:.0f} s; look at the logs of the containers")
        time.sleep(1)
    print(f"{what}: ready after {time.monotonic() - began:.0f} s", flush=True)


def prove(proof: Proof) -> None:
    """Go through everything that is promised."""
    proof.up()
    proof.up("--scale", "worker=3")
    told = proof.command("run", "--users", "6", "--run-time", "20s", "--workers", "3")
    print(next(line for line in told.splitlines() if line.startswith("report:")))
    run = json.loads(proof.command("runs", "--json"))[0]
    print(f"run {run['id']}: {run['requests']} requests, {run['workers']} workers, {run['validity']}")
    tests = proof.compose("run", "--rm", "--no-deps", "functional-tests")
    print(next(line for line in tests.splitlines() if " passed" in line).strip("= "))
    items, samples = proof.get(f"{API}/v1/items?limit=1"), proof.get(f"{PROMETHEUS}/api/v1/label/job/values")
    proof.compose("down")
    proof.up()
    kept = [
        ("the run", run["id"] in [each["id"] for each in json.loads(proof.command("runs", "--json"))]),
        ("its report", "pf-report" in proof.get(f"{MASTER}/perf/runs/{run['id']}/report")),
        ("the items", proof.get(f"{API}/v1/items?limit=1") == items),
        ("the metrics", proof.get(f"{PROMETHEUS}/api/v1/label/job/values") == samples),
    ]
    lost = [name for name, there in kept if not there]
    if lost:
        raise SystemExit(f"lost over down and up: {', '.join(lost)}")
    print(f"after down and up there are still {', '.join(name for name, _ in kept)}")


def main() -> None:
    """Prove, and take everything down whatever happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compose", default="docker compose", help="command (default: docker compose)")
    parser.add_argument("--without", action="append", default=[], help="a service that cannot be started here")
    options = parser.parse_args()
    services = [name for name in LONG_RUNNING if name not in options.without]
    proof = Proof(shlex.split(options.compose), services)
    try:
        prove(proof)
    finally:
        proof.compose("down", "--volumes")


if __name__ == "__main__":
    main()
