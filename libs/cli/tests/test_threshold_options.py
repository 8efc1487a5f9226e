"""Thresholds of the file and the command line, down to the exit code of a real run."""

import http.server
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

LOCUSTFILE = """
from locust import FastHttpUser, constant, task
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self): self.client.get("/")
"""
Command = Callable[..., subprocess.CompletedProcess[str]]


class FailingPage(http.server.BaseHTTPRequestHandler):
    """Four of five requests fail."""

    protocol_version = "HTTP/1.1"
    served = itertools.count()

    def do_GET(self) -> None:
        self.send_response(503 if next(self.served) % 5 else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FailingPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def command(tmp_path: Path) -> Command:
    (tmp_path / "shop.py").write_text(LOCUSTFILE)

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "perf_cli", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return call


def test_a_threshold_of_the_file_stops_the_run_when_it_is_broken(command: Command, host: str, tmp_path: Path) -> None:
    (tmp_path / "perf-platform.toml").write_text(
        "[thresholds]\nerrors = 'error rate < 50% for 3s abort'\nfast = 'p95 < 0.001ms'\n"
    )

    done = command(
        "run", "-f", "shop.py", "--host", host, "--users", "4", "--run-time", "10m", "--threshold", "rate>1/s"
    )
    (path,) = (tmp_path / "runs").glob("*/run.json")
    facts = json.loads(path.read_text())

    assert done.returncode == 3, done.stdout + done.stderr
    assert "threshold broken: thresholds.errors: error rate of all requests was" in done.stdout
    assert "threshold broken: thresholds.fast: p95 of all requests" in done.stdout
    assert "thresholds.1" not in done.stdout
    assert facts["ended"] - facts["started"] < 300
    assert [event["kind"] for event in facts["events"]].count("threshold_broken") == 1
    assert "Threshold broken: thresholds.errors" in (path.parent / "report.html").read_text()
    assert "thresholds.errors" in (path.parent / "junit.xml").read_text()
    assert len(json.loads((path.parent / "comparison.json").read_text())["broken_thresholds"]) == 2
    assert command("report", facts["id"], "--threshold", "fast=off").stdout.count("threshold broken") == 1


def test_the_configuration_shows_where_a_threshold_comes_from(command: Command, tmp_path: Path) -> None:
    (tmp_path / "perf-platform.toml").write_text("[thresholds]\na = 'p95 < 1s'\nb = 'p99 < 1s'\nguard = 'off'\n")

    done = command("config", "-f", "shop.py", "--threshold", "b=p99 < 2s", "--threshold", "rate > 1/s", "--json")
    told = json.loads(done.stdout)

    assert told["thresholds.a"]["value"] == "p95 < 1s"
    assert told["thresholds.b"] == {"value": "p99 < 2s", "source": "--threshold"}
    assert told["thresholds.2"] == {"value": "rate > 1/s", "source": "--threshold"}
    assert told["thresholds.guard"]["value"] == "off"


@pytest.mark.parametrize(
    ("toml", "flags", "sentence"),
    [
        (
            "[thresholds]\ncheckout = 'p95 < 300'\n",
            (),
            "perf-platform.toml: thresholds.checkout is 'p95 < 300'; the limit",
        ),
        ("[thresholds]\ncheckout = 3\n", (), "thresholds.checkout is 3; write it like p95 of"),
        ("", ("--threshold", "p95 is fine"), "--threshold is 'p95 is fine', which is no threshold"),
        ("", ("--threshold", "fast=p95 < 1"), "--threshold is 'p95 < 1'; the limit of p95 is written like 300ms"),
    ],
    ids=["no unit", "a number", "no sentence", "named flag"],
)
def test_a_wrong_threshold_names_its_key(
    command: Command, tmp_path: Path, toml: str, flags: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "perf-platform.toml").write_text(toml)

    done = command("run", "-f", "shop.py", *flags)

    assert done.returncode == 2
    assert sentence in done.stderr
