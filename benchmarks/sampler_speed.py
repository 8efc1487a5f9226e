"""Rows handed out a second: by one process from memory, and once each over ten workers at 2000 rows a second.

Floors: 200 000 rows per second of processor time for every strategy; no row twice, none left out, and the ten workers
together reach at least 90 % of the rate asked for. Run: .venv/bin/python benchmarks/sampler_speed.py
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from support.asgi import verdict

from perf_core.ports import free_port
from perf_locust.samplers import STRATEGIES, sampler

FLOOR = 200_000
ROWS, DRAWS, ROUNDS = 100_000, 200_000, 5
WORKERS, RATE, SECONDS = 10, 2000, 20
LOCUSTFILE = f"""
import os, time
from locust import User, constant_pacing, task
from perf_locust.samplers import sampler
rows = sampler("rows.csv", "unique", columns={{"id": int}})
seen = os.open(f"seen-{{os.getpid()}}.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
class Taker(User):
    wait_time = constant_pacing(1)
    host = ""
    @task
    def take(self):
        for _ in range({RATE // WORKERS // 10}):
            begun = time.perf_counter()
            os.write(seen, b"%d %.3f\\n" % (rows.next(self)["id"], time.time()))
        self.environment.events.request.fire(
            request_type="TAKE", name="rows", response_time=(time.perf_counter() - begun) * 1000, response_length=0,
            exception=None, context=None, start_time=time.time())
"""


class _User:
    pass


def in_process(folder: Path) -> bool:
    """Draw from each strategy in turn, so that a busy moment hits all of them."""
    path = folder / "rows.csv"
    path.write_text("id,name,weight\n" + "".join(f"{number},item {number},{number % 9}\n" for number in range(ROWS)))
    columns, user = {"id": int, "name": str, "weight": int}, _User()
    made = {each: sampler(path, each, columns=columns, at_end="cycle") for each in STRATEGIES}
    best = dict.fromkeys(STRATEGIES, 0.0)
    for _ in range(ROUNDS):
        for strategy, rows in made.items():
            draw, began = rows.next, time.process_time()
            for _ in range(DRAWS):
                draw(user)
            best[strategy] = max(best[strategy], DRAWS / (time.process_time() - began))
    for strategy, rate in best.items():
        print(f"{strategy:<10} {rate:>10,.0f} rows per second of processor time")
    return verdict(f"every strategy hands out {FLOOR} rows a second", kept=min(best.values()) >= FLOOR)


def over_workers(folder: Path) -> bool:
    """Run a real master and ten workers, and count what each of them handed out."""
    (folder / "rows.csv").write_text("id\n" + "".join(f"{number}\n" for number in range(RATE * SECONDS)))
    (folder / "takers.py").write_text(LOCUSTFILE)
    port = str(free_port())
    locust = [sys.executable, "-m", "perf_locust", "-f", "takers.py", "--only-summary"]
    users = str(WORKERS * 10)
    head = ["--master", "--headless", "-u", users, "-r", users, "-t", "600s", "--expect-workers", str(WORKERS)]
    head += ["--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    tail = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    commands = [[*locust, *head], *([*locust, *tail] for _ in range(WORKERS))]
    with (folder / "log").open("wb") as log:
        processes = [subprocess.Popen(each, cwd=folder, stdout=log, stderr=log) for each in commands]
        try:
            processes[0].wait(300)
        finally:
            for each in processes:
                each.kill()
                each.wait()
    return judge(folder)


def judge(folder: Path) -> bool:
    """Compare what was handed out with what there was."""
    files = [path for path in folder.glob("seen-*.txt") if path.stat().st_size]
    lines = [line.split() for path in files for line in path.read_text().splitlines()]
    handed, times = Counter(int(number) for number, _ in lines), sorted(float(at) for _, at in lines)
    tenth = len(times) // 10
    rate = 8 * tenth / (times[9 * tenth] - times[tenth])
    print(f"{len(files)} workers handed out {handed.total()} rows, {len(handed)} different, {rate:.0f} a second")
    once = verdict(
        f"each of {RATE * SECONDS} rows once over {WORKERS} workers", kept=handed == Counter(range(RATE * SECONDS))
    )
    return verdict(f"they reach 90 % of {RATE} rows a second", kept=rate >= 0.9 * RATE) and once


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        os.environ["PERF_RUNS_DIR"] = f"{place}/runs"
        kept = in_process(Path(place))
        kept = over_workers(Path(place)) and kept
    sys.exit(not kept)
