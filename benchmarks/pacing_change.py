"""Requests per second when pacing goes from 1 s to 0.2 s with 40 users on two workers: from 40 to 200 inside 2 s.

Floors: within 5 % of 40 before, within 5 % of 200 over the seconds from the second one after the change on.
Run: .venv/bin/python benchmarks/pacing_change.py
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from support.asgi import verdict
from support.loopback import plain_server

from perf_core.ports import free_port
from perf_core.runstore import RunStore

USERS, BEFORE, AFTER = 40, 8, 10
LOCUSTFILE = """
from locust import FastHttpUser, between, task
class Sleeper(FastHttpUser):
    wait_time = between(30, 60)
    @task
    def look(self): self.client.get("/")
"""


def locusts(folder: Path, url: str) -> list["subprocess.Popen[bytes]"]:
    """Start a master and two workers."""
    port = str(free_port())
    program = [sys.executable, "-m", "perf_locust", "-f", "sleepers.py", "--only-summary"]
    load = ["--headless", "-u", str(USERS), "-r", str(USERS), "-t", "300s", "--expect-workers", "2", "-H", url]
    head = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, *load]
    tail = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    with (folder / "log").open("wb") as log:
        return [
            subprocess.Popen([*program, *each], cwd=folder, stdout=log, stderr=log) for each in (head, tail, tail)
        ]


def door_of(folder: Path) -> dict[str, str]:
    """Wait for the run and return where its master is."""
    while not (found := list((folder / "runs").glob("*/master.json"))):
        time.sleep(0.1)
    time.sleep(3)
    door: dict[str, str] = json.loads(found[0].read_text())
    return door


def pace(door: dict[str, str], seconds: float) -> float:
    """Set the pacing; return when it was asked for."""
    at, headers = time.time(), {"Authorization": f"Bearer {door['token']}", "Content-Type": "application/json"}
    body = json.dumps({"seconds": seconds}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{door['url']}/perf/pace", body, headers)).close()
    print(f"{seconds:g} s: acknowledged by both workers after {time.time() - at:.3f} s")
    return at


def main() -> bool:
    with tempfile.TemporaryDirectory() as place, plain_server() as url:
        folder = Path(place)
        os.environ.pop("PERF_RUNS_DIR", None)
        (folder / "sleepers.py").write_text(LOCUSTFILE)
        processes = locusts(folder, url)
        try:
            door = door_of(folder)
            pace(door, 1.0)
            time.sleep(BEFORE)
            changed = pace(door, 0.2)
            time.sleep(AFTER)
            processes[0].terminate()
            processes[0].wait(60)
        finally:
            for each in processes:
                each.kill()
                each.wait()
        return judge(folder / "runs", changed)


def judge(runs: Path, changed: float) -> bool:
    """Compare the requests of each second with what was asked for."""
    store = RunStore(runs)
    recording = store.load(store.list()[0].id)
    (series,) = (each.ok for each in recording.endpoints.values())
    counts = dict(zip(series.seconds.tolist(), series.counts.tolist(), strict=True))
    first = int(changed) + 1
    line = " ".join(f"{counts.get(second, 0)}" for second in range(first - BEFORE + 2, first + AFTER - 2))
    print(f"requests in each second (the change is in the {BEFORE - 2}th): {line}")
    before = sum(counts.get(second, 0) for second in range(first - BEFORE + 2, first - 1)) / (BEFORE - 3)
    after = sum(counts.get(second, 0) for second in range(first + 1, first + AFTER - 2)) / (AFTER - 3)
    print(f"before {before:.1f}/s, from the second one after the change on {after:.1f}/s")
    return verdict("40/s and 200/s within 5 %", kept=abs(before / 40 - 1) <= 0.05 and abs(after / 200 - 1) <= 0.05)


if __name__ == "__main__":
    sys.exit(not main())
