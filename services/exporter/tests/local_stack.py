"""`perf-platform up --prometheus` as a user starts it, and a run started with curl's request."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LINES = ("Locust UI", "API docs", "API metrics", "Exporter", "Prometheus")
LONGEST = 180.0
"""Seconds until everything must be up; the machine may be busy with other things."""


@dataclass(frozen=True, slots=True)
class LocalStack:
    """The addresses a running stack printed."""

    locust: str
    api: str
    api_metrics: str
    exporter: str
    prometheus: str
    folder: Path
    printed: str
    """What was printed until the last address was, in the file it was sent to."""

    def start_run(self, users: int) -> None:
        """Start a run as curl would: a form, and no Origin."""
        form = urllib.parse.urlencode({"user_count": users, "spawn_rate": users}).encode()
        with urllib.request.urlopen(f"{self.locust}/swarm", form, timeout=30) as answer:
            assert answer.status == 200
            assert b'"success": true' in answer.read()

    def stop_run(self) -> None:
        """Stop the run that is on."""
        with urllib.request.urlopen(f"{self.locust}/perf/run/stop", b"", timeout=60) as answer:
            assert answer.status == 202


@contextmanager
def local_stack(folder: Path, programs: Path) -> Iterator[LocalStack]:
    """Start the stack in `folder` with the Prometheus in `programs`, and end it."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("PERF_", "LOCUST_"))}
    environment |= {"PATH": f"{programs}:{os.environ['PATH']}", "PERF_RUNS_DIR": str(folder / "runs")}
    out = folder / "up.log"
    with out.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "perf_cli", "up", "--prometheus"],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
        )
    try:
        yield _addresses(process, out, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
    """Wait until something is so; fails when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.5)


def _addresses(process: subprocess.Popen[bytes], out: Path, folder: Path) -> LocalStack:
    deadline = time.monotonic() + LONGEST
    while True:
        text = out.read_text()
        found = dict(re.findall(rf"^({'|'.join(LINES)})  (http\S+)$", text, re.MULTILINE))
        if set(found) == set(LINES):
            return LocalStack(
                found["Locust UI"],
                found["API docs"].removesuffix("/docs"),
                found["API metrics"],
                found["Exporter"],
                found["Prometheus"],
                folder,
                text,
            )
        assert process.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.2)
