"""Requests per second of a cached item against a bare FastAPI route that answers the same bytes, in pairs of rounds.

Both are served by uvicorn in a process of their own, the service as it is by default, its log going nowhere. They
take turns, first and second, in many short rounds; the server is what is busy, which the CPU of each shows.
Floor: 0.75 of the bare route's requests per second. Run: .venv/bin/python benchmarks/api_cached_read.py
"""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from support.asgi import summary, verdict
from support.load import cpu_seconds, requests_per_second
from support.mongodb import wait_for

from perf_core.ports import free_port

FLOOR = 0.75
SECONDS = 0.8
PAIRS = 21
PATH = f"/v1/items/{1:026d}"
BARE = """
import sys
import uvicorn
from fastapi import FastAPI, Response
app, body = FastAPI(), open(sys.argv[1], "rb").read()

@app.get("/v1/items/{item_id}")
async def read_item(item_id: str) -> Response:
    return Response(body, media_type="application/json")

uvicorn.run(app, port=int(sys.argv[2]), log_level="error", access_log=False)
"""


async def measure(pid: int, port: int) -> tuple[float, float]:
    """Return the requests per second of a server, and its CPU seconds for each."""
    before, began = cpu_seconds(pid), time.perf_counter()
    rate = await requests_per_second(port, PATH, SECONDS)
    return rate, (cpu_seconds(pid) - before) / (rate * (time.perf_counter() - began))


async def compare(pids: dict[str, int], ports: dict[str, int]) -> bool:
    ratios, rounds = [], []
    for pair in range(PAIRS + 1):
        names = sorted(ports, reverse=bool(pair % 2))
        measured = {name: await measure(pids[name], ports[name]) for name in names}
        if pair:  # the first warms up
            ratios.append(measured["service"][0] / measured["bare"][0])
            rounds.append(measured)
    for name in sorted(ports):
        rate, cost = (statistics.median(each[name][index] for each in rounds) for index in (0, 1))
        busy = f"{cost * 1e6:4.0f} us of CPU each, {rate * cost:.0%} of a core"
        print(f"{name:<8} {rate:6.0f} requests per second, {busy}")
    print(f"cached / bare requests per second: {summary(ratios)}")
    return verdict(
        f"a cached read has at least {FLOOR} of the requests per second", kept=statistics.median(ratios) >= FLOOR
    )


def main() -> bool:
    port, metrics_port, bare_port = (free_port() for _ in range(3))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PERF_API_")}
    with tempfile.TemporaryDirectory() as folder:
        database, body = f"sqlite:///{folder}/api.db", Path(folder) / "body"
        api = [sys.executable, "-m", "perf_api"]
        seed = [*api, "seed", "--items", "10", "--database", database]
        subprocess.run(seed, env=environment, check=True, capture_output=True)
        options = ["--port", str(port), "--metrics-port", str(metrics_port), "--database", database]
        # Longer than a run, so that every read but the first is a hit.
        environment |= {"PERF_API_CACHE_SECONDS": "3600"}
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes = [subprocess.Popen([*api, "serve", *options], env=environment, **nowhere)]
        try:
            wait_for("127.0.0.1", port)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{PATH}", timeout=30) as answer:
                body.write_bytes(answer.read())
            processes.append(subprocess.Popen([sys.executable, "-c", BARE, str(body), str(bare_port)], **nowhere))
            wait_for("127.0.0.1", bare_port)
            pids = dict(zip(("service", "bare"), (process.pid for process in processes), strict=True))
            return asyncio.run(compare(pids, {"service": port, "bare": bare_port}))
        finally:
            for process in processes:
                process.send_signal(signal.SIGINT)
            for process in processes:
                process.wait(30)


if __name__ == "__main__":
    sys.exit(not main())
