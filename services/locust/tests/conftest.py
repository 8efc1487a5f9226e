"""A server that counts its requests itself, and Locust processes against it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SERVER = """
import asyncio, sys
served = 0
async def answer(reader, writer):
    global served
    try:
        while True:
            path = (await reader.readuntil(b"\\r\\n\\r\\n")).split()[1]
            if path == b"/served":
                body = str(served).encode()
            else:
                served += 1
                await asyncio.sleep(0.02 if path == b"/slow" else 0.002)
                body = b"hello"
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""
LOCUSTFILE = """
from locust import FastHttpUser, constant, task
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def fast(self): self.client.get("/fast")
    @task
    def slow(self): self.client.get("/slow")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    url: str

    def served(self) -> int:
        with urllib.request.urlopen(f"{self.url}/served") as answer:
            return int(answer.read())


@dataclass(frozen=True)
class Locusts:
    """Starts Locust processes with the plugin in a folder of their own."""

    folder: Path
    processes: list[subprocess.Popen[bytes]]

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "perf_locust", "-f", "plain.py", "--only-summary", *arguments]
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.processes.append(process)
        return process

    def distributed(self, server: Server, seconds: int, workers: int = 2) -> list[subprocess.Popen[bytes]]:
        port = str(free_port())
        load = ["--headless", "-H", server.url, "-u", "10", "-r", "10", "-t", f"{seconds}s", "--stop-timeout", "10"]
        own = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        master = self.start("master", *own, *load, "--expect-workers", str(workers))
        join = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
        return [master, *(self.start(f"worker-{number}", *join) for number in range(workers))]

    def log(self, name: str = "master") -> str:
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def server() -> Iterator[Server]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)])
    server = Server(f"http://127.0.0.1:{port}")
    for _ in range(100):
        try:
            server.served()
            break
        except OSError:
            time.sleep(0.05)
    yield server
    process.kill()
    process.wait()


@pytest.fixture
def locusts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Locusts]:
    monkeypatch.delenv("PERF_RUNS_DIR", raising=False)
    for name in list(os.environ):
        if name.startswith(("LOCUST_", "PERF_")):
            monkeypatch.delenv(name)
    (tmp_path / "plain.py").write_text(LOCUSTFILE)
    started = Locusts(tmp_path, [])
    yield started
    for process in started.processes:
        if process.poll() is None:
            process.kill()
        process.wait()
