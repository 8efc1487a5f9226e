"""A server that counts its requests itself, and Locust processes against it."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))

from perf_core.model.series import Recording
from perf_core.ports import free_port
from perf_core.runstore import RunStore

sys.path.insert(0, str(Path(__file__).parent))  # the tests' own modules

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
                await asyncio.sleep({b"/slow": 0.02, b"/stuck": 60}.get(path, 0.002))
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


SECRETS = {"PERF_WEB_USER": "ann", "PERF_WEB_PASSWORD": "correct horse", "PERF_MASTER_TOKEN": "token-of-scripts"}


@dataclass(frozen=True)
class Server:
    url: str

    def served(self) -> int:
        with urllib.request.urlopen(f"{self.url}/served") as answer:
            return int(answer.read())

    def wait_for(self, more: int) -> None:
        """Wait until so many more requests were served: the load is on."""
        until = self.served() + more
        eventually(lambda: self.served() >= until, f"{more} more requests")


def eventually(holds: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def _workers(url: str) -> int:
    asked = urllib.request.Request(f"{url}/perf/run", headers={"Authorization": "Bearer token-of-scripts"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(json.load(answer)["workers"])
    except OSError:
        return 0


@dataclass(frozen=True)
class Locusts:
    """Starts Locust processes with the plugin in a folder of their own."""

    folder: Path
    processes: list[subprocess.Popen[bytes]]
    environment: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    """The command that runs each of them."""
    port: int = field(default_factory=free_port)
    eventually = staticmethod(eventually)
    free_port = staticmethod(free_port)

    def start(
        self,
        name: str,
        *arguments: str,
        program: tuple[str, ...] = ("-m", "perf_locust"),
    ) -> subprocess.Popen[bytes]:
        command = [*self.before, sys.executable, *program, "-f", "plain.py", "--only-summary", *arguments]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **self.environment},
            )
        self.processes.append(process)
        return process

    def master(self, *arguments: str, name: str = "master") -> subprocess.Popen[bytes]:
        own = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(self.port)]
        return self.start(name, *own, *arguments)

    def worker(
        self, number: int, port: int | None = None, program: tuple[str, ...] = ("-m", "perf_locust")
    ) -> subprocess.Popen[bytes]:
        join = ["--worker", "--master-host", "127.0.0.1", "--master-port", str(port or self.port)]
        return self.start(f"worker-{number}", *join, program=program)

    def distributed(
        self, server: Server, seconds: int, workers: int = 2, port: int | None = None
    ) -> list[subprocess.Popen[bytes]]:
        load = ["--headless", "-H", server.url, "-u", "10", "-r", "10", "-t", f"{seconds}s", "--stop-timeout", "10"]
        master = self.master(*load, "--expect-workers", str(workers))
        return [master, *(self.worker(number, port) for number in range(workers))]

    def site(self, server: Server) -> str:
        """Start a master that listens on every address, and two workers; return where it is once they are there."""
        port = free_port()
        self.environment.update(SECRETS)
        self.master("--web-host", "0.0.0.0", "--web-port", str(port), "-H", server.url)
        for number in range(2):
            self.worker(number)
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _workers(url) == 2, "both workers")
        return url

    def log(self, name: str = "master") -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def recording(self) -> Recording:
        """The only run, as it is on disk."""
        store = RunStore(self.folder / "runs")
        (run,) = store.list()
        return store.load(run.id)


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield started
        started.close()
