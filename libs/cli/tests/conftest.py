"""A plain HTTP server that is not ours, an ordinary locustfile, and the command in a folder of its own."""

import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

LOCUSTFILE = """
from locust import FastHttpUser, constant, tag, task
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    @tag("page")
    @task
    def page(self): self.client.get("/")
    @tag("other")
    @task
    def other(self): self.client.get("/other")
"""
FOREIGN = ("LOCUST_", "PERF_", "GITHUB_", "CI_", "GIT_", "BUILD_")
"""Variables of whoever runs the tests that would change what is tested."""


@dataclass
class PlainServer:
    """Counts what it was asked for, and answers one after the other if an answer takes it time."""

    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    seconds_each: float = 0.0
    turn: threading.Lock = field(default_factory=threading.Lock)


@pytest.fixture
def server() -> Iterator[PlainServer]:
    plain = PlainServer()

    class Page(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            plain.asked[self.path] += 1
            if plain.seconds_each:
                with plain.turn:
                    time.sleep(plain.seconds_each)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    plain.url = f"http://127.0.0.1:{listening.server_address[1]}"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield plain
    listening.shutdown()
    listening.server_close()


@dataclass(frozen=True)
class Command:
    """`perf-platform` in a folder that holds `shop.py`, with nothing foreign in the environment."""

    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {**clean, "HOME": str(self.folder / "home"), **more}

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "perf_cli", *arguments, **environment)

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run this Python in the folder."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start it and return at once; its output goes to `out` of the folder."""
        with (self.folder / "out").open("w") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "perf_cli", *arguments],
                cwd=self.folder,
                env=self.environment(**environment),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, words: str, seconds: float = 120.0) -> str:
        """Wait until the started command has printed the words, and return its output."""
        deadline = time.monotonic() + seconds
        while words not in self.output():
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.1)
        return self.output()

    def descendants(self) -> list[psutil.Process]:
        """Return the living processes that were started under this folder's home, the command itself included."""
        mark, found = str(self.folder / "home"), []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("HOME") == mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def output(self) -> str:
        return (self.folder / "out").read_text()

    def runs(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self("runs", "--json").stdout)
        return listed

    def facts(self, run_id: str) -> dict[str, Any]:
        """Return what run.json holds."""
        document: dict[str, Any] = json.loads((self.folder / "runs" / run_id / "run.json").read_text())
        return document

    def endpoints(self, run_id: str) -> dict[str, int]:
        """Return how many requests each endpoint of a run got, as its comparison has them."""
        document = json.loads((self.folder / "runs" / run_id / "comparison.json").read_text())
        return {each["name"]: each["current"]["requests"] for each in document["endpoints"]}


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    (tmp_path / "shop.py").write_text(LOCUSTFILE)
    (tmp_path / "home").mkdir()
    command = Command(tmp_path)
    yield command
    for process in command.descendants():
        with contextlib.suppress(psutil.Error):
            process.kill()
