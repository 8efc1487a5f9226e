"""An arrival rate of 500/s over two workers while the target stalls for 3 s: with 2000 users, then with 200.

With 2000 users any 3 s, those of the stall too, begin within 5 % of 1500 requests, and the p95 from the intended
start is at least twice that of a run without a stall. With 200 users starts are dropped, and counted.
Run: .venv/bin/python benchmarks/open_model.py
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

from perf_core.model.series import Recording
from perf_core.ports import free_port
from perf_core.report.waits import wait_context
from perf_core.runstore import RunStore

RATE, SECONDS, STALL = 500, 30, 3
LOCUSTFILE = f"""
from locust import FastHttpUser, task
from perf_locust.users import ArrivalRateUser, constant_rate
class Buyer(ArrivalRateUser, FastHttpUser):
    rate = constant_rate({RATE})
    network_timeout = connection_timeout = 60
    @task
    def look(self): self.client.get("/")
"""


def run(folder: Path, url: str, users: int, *, stall: bool) -> Recording:
    """Run master and two workers, stall the target in the middle, and return what was recorded."""
    port = str(free_port())
    program = [sys.executable, "-m", "perf_locust", "-f", "buyers.py", "--only-summary"]
    load = ["--headless", "-u", str(users), "-r", "2000", "-t", f"{SECONDS}s", "--expect-workers", "2", "-H", url]
    head = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, *load]
    tail = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    store = RunStore(folder / "runs")
    before = {each.id for each in store.list()} if (folder / "runs").exists() else set()
    with (folder / f"log-{users}-{stall}").open("wb") as log:
        commands = [[*program, *each] for each in (head, tail, tail)]
        processes = [subprocess.Popen(each, cwd=folder, stdout=log, stderr=log) for each in commands]
        try:
            while not any(path.parent.name not in before for path in (folder / "runs").glob("*/frames.log")):
                time.sleep(0.1)
            time.sleep(SECONDS / 2)
            if stall:
                urllib.request.urlopen(f"{url}/stall/{STALL}").close()
            processes[0].wait(120)
        finally:
            for each in processes:
                each.kill()
                each.wait()
    (new,) = (each.id for each in store.list() if each.id not in before)
    return store.load(new)


def told(title: str, recording: Recording) -> float:
    """Print the figures of a run; return the p95 from the intended start, in seconds."""
    context = wait_context(recording)
    if context is None:
        sys.exit(f"{title}: nothing was recorded from the intended start")
    ((key, intended),) = recording.intended.items()
    actual = recording.endpoints[key].ok.histogram()
    print(f"{title}: p95 {actual.quantile(0.95):.3f} s actual, {intended.quantile(0.95):.3f} s intended")
    print(f"  {context.starts}")
    print(f"  {recording.info.validity.value} {json.dumps(recording.info.validity_reasons)}")
    return intended.quantile(0.95)


def per_second(recording: Recording) -> list[int]:
    """Return how many requests began in each whole second, without the first two and the last."""
    (endpoint,) = recording.endpoints.values()
    return [int(count) for count in endpoint.ok.counts.tolist()[2:-1]]


def main() -> bool:
    with tempfile.TemporaryDirectory() as place, plain_server() as url:
        folder = Path(place)
        os.environ.pop("PERF_RUNS_DIR", None)
        (folder / "buyers.py").write_text(LOCUSTFILE)
        calm = told("2000 users, no stall", run(folder, url, 2000, stall=False))
        stalled = run(folder, url, 2000, stall=True)
        risen = told(f"2000 users, {STALL} s stall", stalled)
        print("  requests begun in each second: " + " ".join(map(str, per_second(stalled))))
        few = run(folder, url, 200, stall=True)
        told(f"200 users, {STALL} s stall", few)
        dropped = sum(gauge.values.max() for gauge in few.gauges if gauge.name == "arrivals_dropped")
    counts = per_second(stalled)
    three = [sum(counts[at : at + STALL]) for at in range(len(counts) - STALL + 1)]
    steady = all(abs(count / (RATE * STALL) - 1) <= 0.05 for count in three)
    kept = verdict(f"2000 users keep {RATE}/s over every {STALL} seconds", kept=steady)
    kept = verdict("the p95 from the intended start shows the stall", kept=risen > max(2 * calm, 0.5)) and kept
    return verdict("200 users: dropped starts are counted", kept=dropped > 100) and kept


if __name__ == "__main__":
    sys.exit(not main())
