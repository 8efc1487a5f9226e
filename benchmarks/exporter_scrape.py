"""What scrapes cost a master with 500 endpoints, and the exporter: a real exporter asks a real Locust master's route.

Three promises. A scrape stalls the master's event loop by at most 2 ms: the longest lateness of a timer with a scrape
less the longest without, median of the rounds. The exporter's memory is flat over 1000 scrapes: at most 2 MiB more
after the last than after a tenth. While the master's loop is at 100 % CPU, every scrape is answered with
`locust_up 1` within its timeout (4 s). Other processes look like a stall: on a busy machine run it as root with
`chrt -r 5`.
Run: .venv/bin/python benchmarks/exporter_scrape.py [--scrapes 1000] [--rounds 15]
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import psutil
from locust.env import Environment
from support.asgi import verdict
from support.lateness import Lateness
from support.made_up_requests import events

from perf_core.model.frame import Frame
from perf_core.runstore.spool import CAPACITY, Spool
from perf_locust.conductor import Conductor
from perf_locust.plugin import register
from perf_locust.recorder import Recorder

STALL, GROWTH, TIMEOUT = 0.002, 2.0, 4.0
ENDPOINTS = 500
TOKEN = "benchmark"
SCRAPES = """
import sys, time, urllib.request
for line in sys.stdin:
    for _ in range(int(line)):
        began = time.perf_counter()
        page = urllib.request.urlopen(sys.argv[1], timeout=60).read()
        seconds, up = time.perf_counter() - began, int(b"locust_up 1.0" in page)
        print(seconds, up, page.count(b"duration_seconds_count{"), flush=True)
"""


def master() -> Conductor:
    """Return a master that has seen requests of every endpoint."""
    environment = Environment()
    environment.create_master_runner("127.0.0.1", 0)
    register(environment)
    conductor: Conductor = environment._perf_locust  # noqa: SLF001  what it records is put in from here
    recorder = Recorder(int, Spool.in_memory())
    for event in events(CAPACITY - 1, ENDPOINTS, per_second=1000):
        recorder.record(**event)
    conductor.live.add(Frame("worker", 1, time.time(), recorder.cut().rows, gauges={}))
    return conductor


@contextmanager
def exporter(url: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Give the process id of an exporter of this master, and somebody who scrapes it as often as told."""
    command = [sys.executable, "-m", "perf_exporter", "--port", "0", "--master", url, "--timeout", f"{TIMEOUT:g}s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        page = process.stdout.readline().partition(": ")[2].strip()
        with subprocess.Popen(
            [sys.executable, "-c", SCRAPES, page], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as scraper:
            try:
                yield process.pid, scraper
            finally:
                scraper.kill()
                process.kill()


def scrape(scraper: subprocess.Popen[str], count: int) -> float:
    """Scrape so often; return the longest that an answer took, infinite when one was not whole."""
    assert scraper.stdin is not None
    assert scraper.stdout is not None
    scraper.stdin.write(f"{count}\n")
    scraper.stdin.flush()
    worst = 0.0
    for _ in range(count):
        seconds, up, endpoints = scraper.stdout.readline().split()
        whole = up == "1" and int(endpoints) == ENDPOINTS
        worst = max(worst, float(seconds) if whole else float("inf"))
    return worst


def stalls(scraper: subprocess.Popen[str], rounds: int) -> list[float]:
    """Return by how much longer than without a scrape the loop was late, round by round."""
    found = []
    for _ in range(rounds):
        watch = Lateness()
        gevent.sleep(0.3)
        without = watch.stop()
        watch = Lateness()
        scrape(scraper, 1)
        found.append(watch.stop() - without)
    return found


def memory(pid: int) -> float:
    """Return MiB."""
    return float(psutil.Process(pid).memory_info().rss) / (1 << 20)


def burn() -> None:
    """Keep the loop at 100 %, as users without pause would."""
    while True:
        until = time.perf_counter() + 0.005
        while time.perf_counter() < until:
            pass
        gevent.sleep(0)


def main() -> bool:
    """Print the figures; return whether the promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scrapes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"PERF_RUNS_DIR": folder, "PERF_MASTER_TOKEN": TOKEN}
        url = master().url
        gc.collect()
        gc.freeze()
        with exporter(url) as (pid, scraper):
            scrape(scraper, given.scrapes // 10)
            early = memory(pid)
            stall = statistics.median(stalls(scraper, given.rounds))
            scrape(scraper, given.scrapes - given.scrapes // 10)
            growth = memory(pid) - early
            burning = gevent.spawn(burn)
            longest = scrape(scraper, 10)
            burning.kill()
    print(f"exporter: {early:.1f} MiB after {given.scrapes // 10} scrapes, {early + growth:.1f} MiB after all")
    return all(
        (
            verdict(
                f"a scrape stalls the master by {stall * 1e3:.1f} ms, at most {STALL * 1e3:g}", kept=stall <= STALL
            ),
            verdict(f"{given.scrapes} scrapes cost {growth:.1f} MiB, at most {GROWTH:g}", kept=growth <= GROWTH),
            verdict(f"at 100 % CPU answered within {longest:.2f} s, at most {TIMEOUT:g}", kept=longest <= TIMEOUT),
        )
    )


if __name__ == "__main__":
    sys.exit(not main())
