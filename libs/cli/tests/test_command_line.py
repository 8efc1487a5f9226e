"""The command against a plain server that is not ours, with an ordinary locustfile."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

LOCUSTFILE = """
from locust import FastHttpUser, constant, task
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self): self.client.get("/")
"""


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture
def command(tmp_path: Path):
    (tmp_path / "shop.py").write_text(LOCUSTFILE)

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "perf_cli", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return call


def test_a_first_run_says_how_to_promote_and_a_second_is_compared(command, host: str, tmp_path: Path) -> None:
    load = ("run", "-f", "shop.py", "--host", host, "--users", "4", "--run-time", "6s", "--workers", "2")

    first = command(*load, "--label", "commit=abc")
    (run,) = json.loads(command("runs", "--json").stdout)

    assert first.returncode == 0, first.stdout + first.stderr
    assert f"perf-platform baseline set {run['id']}" in first.stdout
    assert (run["scenario"], run["verdict"], run["validity"], run["failures"]) == ("shop", None, "VALID", 0)
    assert run["requests"] > 50
    assert run["labels"]["commit"] == "abc"
    assert (tmp_path / "runs" / run["id"] / "report.html").exists()

    assert command("baseline", "set", run["id"]).returncode == 0
    assert json.loads(command("baseline", "show", "--json").stdout)[0]["run_id"] == run["id"]
    second = command(*load)
    newest = json.loads(command("runs", "--json").stdout)[0]

    assert second.returncode in {0, 4}, second.stdout + second.stderr
    assert newest["baseline"] == run["id"]
    assert newest["verdict"] in {"UNCHANGED", "INCONCLUSIVE", "IMPROVED"}

    compared = json.loads(command("compare", run["id"], newest["id"], "--json").stdout)

    assert compared["verdict"] == newest["verdict"]
    assert (compared["baseline"], compared["current"]) == (run["id"], newest["id"])
    assert compared["endpoints"][0]["name"] == "/"
    assert 0 <= compared["endpoints"][0]["ks_distance"] <= 1


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("run", "-f", "nope.py"), 2, "there is no locustfile nope.py"),
        (("run", "-f", "shop.py", "--users", "0"), 2, "at least 1"),
        (("run", "-f", "shop.py", "--run-time", "soon"), 2, "90s, 2m or 1h30m"),
        (("run", "-f", "shop.py", "--label", "x"), 2, "key=value"),
        (("run", "--unheard-of"), 2, "unrecognized"),
        (("compare", "a", "b"), 5, "there is no run a"),
        (("report", "../x"), 5, "not a run id"),
        (("baseline", "set", "a"), 5, "there is no run a"),
        (("baseline", "clear", "shop"), 5, "has no baseline"),
        (("nonsense",), 2, "invalid choice"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_gets_one_sentence_and_its_code(
    command, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = command(*arguments)

    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unreachable_host_is_invalid(command) -> None:
    done = command("run", "-f", "shop.py", "--host", "http://127.0.0.1:9", "--users", "1", "--run-time", "5s")

    assert done.returncode == 6, done.stdout + done.stderr
    assert json.loads(command("runs", "--json").stdout)[0]["validity"] == "INVALID"


def test_a_locustfile_with_a_syntax_error_shows_it(command, host: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (:\n")

    done = command("run", "-f", "broken.py", "--host", host, "--users", "1", "--run-time", "5s")

    assert done.returncode == 5
    assert "SyntaxError" in done.stderr


def test_a_locustfile_that_asks_for_the_unknown_baseline_is_told_so(command, host: str) -> None:
    done = command("run", "-f", "shop.py", "--host", host, "--users", "1", "--run-time", "5s", "--baseline", "nope")

    assert done.returncode == 5
    assert "there is no run nope" in done.stderr


@pytest.mark.parametrize("name", ["demo", "up", "run", "compare", "report", "runs", "baseline"])
def test_help_has_an_example(command, name: str) -> None:
    assert f"example: perf-platform {name}" in command(name, "--help").stdout
