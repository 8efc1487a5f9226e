"""Requests per core: Locust's user classes, FastUser with full capture, and k6, vegeta and wrk where on PATH.

One nginx, pinned to the last core, serves 22 bytes; each client runs pinned to the first core, with 20 connections
and no wait. Rounds of all clients, in changing order; within a round each is held against FastHttpUser, and the
medians of these ratios are shown with 95 % intervals. Requests per core are those of one second of the client's own
processor time, its threads included: what a core gives if nothing else takes of it. Promises: FastUser, with the
whole plugin recording, makes at least twice the requests per core of a FastHttpUser that records nothing, and more
than k6.

Needs nginx (Debian: apt-get install nginx-light). Optional: wrk (Debian: apt-get install wrk), k6 and vegeta (go
install go.k6.io/k6@latest github.com/tsenart/vegeta/v12@latest). Run: .venv/bin/python benchmarks/clients.py [ROUNDS]
"""

import argparse
import contextlib
import json
import math
import os
import random
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.asgi import verdict
from support.locust_process import LocustProcess, locust_process

from perf_core.ports import free_port

CONNECTIONS = 20
SECONDS = 2.0
ROUNDS = 15
SHORT = 1.0
OURS, REFERENCE, FLOOR = "FastUser, full capture", "FastHttpUser", 2.0
LOCUST = {
    "FastUser, full capture": ("FastUser", "capture"),
    "FastUser": ("FastUser",),
    "FastHttpUser": ("FastHttpUser",),
    "FastHttpUser, full capture": ("FastHttpUser", "capture"),
    "HttpUser": ("HttpUser",),
    "FastUser, POST": ("FastUser", "post"),
    "FastHttpUser, POST": ("FastHttpUser", "post"),
}
FIRST_CORE, LAST_CORE = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
NGINX = """
worker_processes 1; daemon off; error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ return 200 "hello from nginx, body"; }} }}
}}
"""
K6 = """
import http from 'k6/http';
export const options = {{ vus: {connections}, duration: '{seconds}s' }};
export default function () {{ http.get('{url}/'); }}
"""


@dataclass(frozen=True, slots=True)
class Slice:
    """What a client did in one slice of time, and the processor seconds that took it."""

    requests: int
    cpu: float
    seconds: float

    @property
    def per_core(self) -> float:
        """Requests in one second of processor time."""
        return self.requests / self.cpu


@dataclass(frozen=True, slots=True)
class Interval:
    """A median with its 95 % interval."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


Client = Callable[[], Slice]


@contextlib.contextmanager
def nginx() -> Iterator[str]:
    """Run nginx on the last core and return its URL."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        configuration = Path(folder) / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder, port=port))
        server = subprocess.Popen(["taskset", "-c", str(LAST_CORE), "nginx", "-c", configuration, "-p", folder])
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise RuntimeError("nginx does not answer")


def program(command: list[str], requests_in: Callable[[str], int], given: str | None = None) -> Slice:
    """Run a program on the first core; count its processor time and read its requests from what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["taskset", "-c", str(FIRST_CORE), *command],
        input=given,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"GOMAXPROCS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Slice(requests_in(done.stdout), cpu, SECONDS)


def k6(url: str, seconds: float) -> Slice:
    with tempfile.NamedTemporaryFile("w", suffix=".js") as script:
        script.write(K6.format(connections=CONNECTIONS, seconds=seconds, url=url))
        script.flush()
        command = ["k6", "run", "--no-usage-report", "--quiet", "--address", "", script.name]
        return program(command, lambda shown: int(re.search(r"http_reqs\D*(\d+)", shown)[1]))  # type: ignore[index]


def vegeta(url: str, seconds: float) -> Slice:
    attack = f"vegeta attack -duration={seconds}s -rate=0 -max-workers={CONNECTIONS} -connections={CONNECTIONS}"
    command = ["sh", "-c", f"{attack} | vegeta report -type=json"]
    return program(command, lambda shown: int(json.loads(shown)["requests"]), f"GET {url}/\n")


def wrk(url: str, seconds: float) -> Slice:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", f"{url}/"]
    return program(command, lambda shown: int(re.search(r"(\d+) requests in", shown)[1]))  # type: ignore[index]


def started(measure: Callable[[str, float], Slice], url: str) -> Client:
    """Return a client that leaves out what its program takes to start: what short runs took is taken off."""
    short = [measure(url, SHORT) for _ in range(3)]
    requests = round(statistics.median(each.requests for each in short))
    cpu = statistics.median(each.cpu for each in short)

    def client() -> Slice:
        long = measure(url, SHORT + SECONDS)
        return Slice(long.requests - requests, long.cpu - cpu, SECONDS)

    return client


@contextlib.contextmanager
def clients(url: str) -> Iterator[dict[str, Client]]:
    """Start the Locust processes, and find the programs that are there."""
    found: dict[str, Client] = {}
    with contextlib.ExitStack() as stack:
        for label, (name, *switches) in LOCUST.items():
            process = stack.enter_context(locust_process(name, url, CONNECTIONS, 0.0, *switches, core=FIRST_CORE))
            found[label] = locust_client(process)
        for measure in (k6, vegeta, wrk):
            if shutil.which(measure.__name__):
                found[measure.__name__] = started(measure, url)
            else:
                print(f"{measure.__name__} is not on PATH: left out")
        yield found


def locust_client(process: LocustProcess) -> Client:
    def client() -> Slice:
        told = process.work(SECONDS)
        if told.failures:
            raise RuntimeError(f"{told.failures} requests failed")
        return Slice(told.requests, told.cpu, told.seconds)

    return client


def interval(ratios: list[float]) -> Interval:
    """Return the median with its 95 % interval, from order statistics: no assumption about the distribution."""
    ordered, count = sorted(ratios), len(ratios)
    below, tail = 0, 0.5**count
    while tail + math.comb(count, below + 1) * 0.5**count <= 0.025:
        below += 1
        tail += math.comb(count, below) * 0.5**count
    return Interval(ordered[below], statistics.median(ordered), ordered[count - 1 - below])


def main() -> bool:
    """Measure and print; return whether the promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "rounds", nargs="?", type=int, default=ROUNDS, help=f"rounds of all clients (default: {ROUNDS})"
    )
    rounds = parser.parse_args().rounds
    if not shutil.which("nginx"):
        print("nginx is missing: install it (Debian: apt-get install nginx-light)")
        return False
    with nginx() as url, clients(url) as found:
        taken: dict[str, list[Slice]] = {label: [] for label in found}
        for done in range(rounds):
            for label in random.sample(list(found), len(found)):
                taken[label].append(found[label]())
            print(f"round {done + 1} of {rounds}", end="\r", flush=True)
    return report(taken)


def report(taken: dict[str, list[Slice]]) -> bool:
    print(f"{'client':27} {'CPU/request':>12} {'requests/core':>14} {'requests/s':>11}   per core, {REFERENCE} = 1")
    for label, slices in taken.items():
        cpu = statistics.median(each.cpu / each.requests for each in slices)
        seen = statistics.median(each.requests / each.seconds for each in slices)
        ratios = ratio(taken, label, REFERENCE)
        print(f"{label:27} {cpu * 1e6:9.1f} us {1 / cpu:14.0f} {seen:11.0f}   {ratios}")
    print(f"FastUser, POST: {ratio(taken, 'FastUser, POST', 'FastHttpUser, POST')} of FastHttpUser, POST")
    ours, promise = ratio(taken, OURS, REFERENCE), f"at least {FLOOR} times the requests per core of {REFERENCE}"
    kept = verdict(f"{OURS}: {promise}: {ours}", kept=ours.median >= FLOOR)
    if "k6" in taken:
        ours = ratio(taken, OURS, "k6")
        kept &= verdict(f"{OURS}: more requests per core than k6: {ours}", kept=ours.median > 1)
    return kept


def ratio(taken: dict[str, list[Slice]], label: str, against: str) -> Interval:
    """Return the ratio of requests per core, round by round."""
    pairs = zip(taken[label], taken[against], strict=True)
    return interval([one.per_core / other.per_core for one, other in pairs])


if __name__ == "__main__":
    sys.exit(not main())
