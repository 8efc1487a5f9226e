"""Memory of a worker and of its master during a run with 500 endpoints: it must not grow with the length of the run.

Real processes against a server on the loopback, with 600 requests per second. The first two fifths of the run fill
what has a bound: histograms, the spool, Locust's tables. Then the memory in the third fifth is compared with that in
the last, each the median of its readings. Ceiling: 5 MiB more on either, in a run of 10 minutes; what grows by a
counter per endpoint and second, like stock Locust's master (`--stock` shows it), grows by more.
Run: .venv/bin/python benchmarks/memory_flat.py [--minutes 10] [--stock]
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from support.asgi import verdict
from support.fast_server import fast_server

from perf_core.ports import free_port

CEILING = 5.0
LOCUSTFILE = """
from itertools import count
from locust import FastHttpUser, constant_throughput, task
numbers = count()
class Plain(FastHttpUser):
    wait_time = constant_throughput(10)
    @task
    def ask(self):
        self.client.get("/", name=f"/endpoint/{next(numbers) % 500}")
"""


def start(folder: str, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start one Locust process."""
    with (Path(folder) / "log").open("ab") as log:
        command = [sys.executable, "-m", program, "-f", "plain.py", "--only-summary", *arguments]
        environment = {**os.environ, "PERF_RUNS_DIR": f"{folder}/runs"}
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)


def wait_for_users(log: Path) -> None:
    """Wait until the load is on."""
    deadline = time.monotonic() + 120
    while not re.search("All users spawned|Spawning is complete", log.read_text()):
        if time.monotonic() > deadline:
            sys.exit(log.read_text())
        time.sleep(0.5)


def readings(processes: dict[str, subprocess.Popen[bytes]], seconds: float) -> dict[str, list[float]]:
    """Return MiB of resident memory by process, every second until the end of the run."""
    watched = {name: psutil.Process(process.pid) for name, process in processes.items()}
    found: dict[str, list[float]] = {name: [] for name in processes}
    end, told = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < end:
        for name, process in watched.items():
            found[name].append(process.memory_info().rss / (1 << 20))
        if time.monotonic() - told > 60:
            told = time.monotonic()
            print(", ".join(f"{name} {values[-1]:.1f} MiB" for name, values in found.items()), flush=True)
        time.sleep(1)
    return found


def run(program: str, seconds: float) -> dict[str, list[float]]:
    """Return the readings of a run."""
    with tempfile.TemporaryDirectory() as folder, fast_server() as (url, _):
        (Path(folder) / "plain.py").write_text(LOCUSTFILE)
        port, expect = str(free_port()), ("--expect-workers", "1")
        load = ["--headless", "-H", url, "-u", "60", "-r", "60", "-t", f"{seconds + 30:.0f}s", *expect]
        bind = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        join = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
        processes = {"master": start(folder, program, *bind, *load), "worker": start(folder, program, *join)}
        try:
            wait_for_users(Path(folder) / "log")
            found = readings(processes, seconds)
        finally:
            for process in processes.values():
                process.terminate()
                process.wait(900)
        print((Path(folder) / "log").read_text().rsplit("Aggregated", 2)[-2].splitlines()[0])
        return found


def main() -> bool:
    """Print the figures; return whether the promise is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--stock", action="store_true", help="run plain Locust, for comparison")
    given = parser.parse_args()
    kept = True
    for name, values in run("locust" if given.stock else "perf_locust", 60 * given.minutes).items():
        fifth = len(values) // 5
        early, late = statistics.median(values[2 * fifth : 3 * fifth]), statistics.median(values[-fifth:])
        sentence = f"{name}: {early:.1f} MiB in the third fifth, {late:.1f} MiB in the last"
        kept &= verdict(f"{sentence}, at most {CEILING:g} more", kept=late - early <= CEILING)
    return kept


if __name__ == "__main__":
    sys.exit(not main())
