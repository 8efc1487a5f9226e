"""The command line: every option is a variable, and what is wrong is said with its name."""

import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from pymongo import MongoClient

from perf_api.commands import run
from perf_api.settings import PREFIX, Settings, SettingsError, is_secret, read_settings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging.root, "handlers", list(logging.root.handlers))
    monkeypatch.setattr(logging.root, "level", logging.root.level)


WRONG: dict[str, Any] = {
    "sqlite_synchronous": "off",
    "host": "", "port": "70000", "metrics_port": "x", "drain": "-1", "deadline": "0", "max_concurrency": "0",
    "max_body": "1", "max_bulk_body": "many", "keep_alive": "0", "enable_faults": "perhaps", "carrier_latency": "99",
    "network_latency": "-1",
    "cache_entries": "0", "cache_seconds": "0", "cache_negative_seconds": "-1", "queue_seconds": "0", "docs": "x",
    "access_log": "x", "log_level": "loud", "admin_token": "short", "write_token": "short", "cursor_key": "x" * 65,
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_variable_is_named_and_its_value_is_not_shown(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", WRONG[name])

    assert run(["serve"]) == 2
    message = capsys.readouterr().err
    assert f"{PREFIX}{name.upper()}" in message
    assert "Traceback" not in message
    if is_secret(name):
        assert WRONG[name] not in message


def test_every_setting_is_a_variable_and_every_one_that_is_no_secret_an_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        run(["serve", "--help"])
    text = capsys.readouterr().out

    for name in Settings.model_fields:
        assert f"{PREFIX}{name.upper()}" in text.replace("\n", "").replace(" ", "")
        assert (f"--{name.replace('_', '-')}" in text) != is_secret(name)
    assert "example: perf-api serve" in text


def test_an_option_beats_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERF_API_PORT", "1234")
    monkeypatch.setenv("PERF_API_DRAIN", "1.5")

    assert (read_settings().port, read_settings(port="99").port, read_settings().drain) == (1234, 99, 1.5)
    with pytest.raises(SettingsError, match="PERF_API_PORT"):
        read_settings(port="x")


@pytest.mark.parametrize("command", ["serve", "seed"])
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://u:hunter2@h/d", "postgres"),
        ("sqlite:///", "sqlite"),
        ("", "sqlite:///path"),
        ("api.db", "api.db"),
    ],
)
def test_an_unknown_database_is_refused_not_replaced(
    command: str, url: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert (
        run([command, "--database", url, *(["--port", "0", "--metrics-port", "0"] if command == "serve" else [])])
        == 2
    )
    message = capsys.readouterr().err
    assert said in message
    assert "PERF_API_DATABASE" in message
    assert "hunter2" not in message
    assert not list(tmp_path.iterdir())


def test_a_taken_port_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["serve", "--port", port, "--metrics-port", "0", "--database", "sqlite:///:memory:"]) == 1
        assert run(["serve", "--port", "0", "--metrics-port", port, "--database", "sqlite:///:memory:"]) == 1

    first, second = capsys.readouterr().err.strip().splitlines()
    assert "PERF_API_PORT" in first
    assert "PERF_API_METRICS_PORT" in second


def test_seeding_tells_its_progress_and_fills_the_database(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "perf_api", "seed", "--items", "1200", "--orders", "10"]
    environment = os.environ | {"PERF_API_DATABASE": f"sqlite:///{tmp_path}/a.db"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "1200 items and 10 orders seeded\n")
    assert "items: 1200 of 1200 (100%)" in done.stderr
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("SELECT COUNT(*), MIN(id) FROM items").fetchone() == (1200, f"{1:026d}")
        assert connection.execute("SELECT COUNT(*) FROM orders").fetchone() == (10,)


def test_seeding_does_not_wait_for_the_import_of_the_server() -> None:
    code = "import sys, perf_api.commands; print({'fastapi', 'uvicorn', 'starlette'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


def test_how_much_is_seeded_may_be_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ITEMS": "3", "ORDERS": "2", "DATABASE": f"sqlite:///{tmp_path}/a.db"}.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)

    assert run(["seed"]) == 0
    with sqlite3.connect(tmp_path / "a.db") as connection:
        assert connection.execute("SELECT COUNT(*) FROM items").fetchone() == (3,)


@pytest.mark.parametrize("number", ["-1", "many", "1.5", ""])
def test_a_wrong_number_of_items_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = 0 if number == "" else 2

    assert run(["seed", f"--items={number}", "--orders", "0", "--database", "sqlite:///:memory:"]) == expected
    assert ("PERF_API_ITEMS" in capsys.readouterr().err) == bool(expected)


def test_a_database_in_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    serving = subprocess.Popen(
        [sys.executable, "-m", "perf_api", "serve", "--port", "0", "--metrics-port", "0", "--database", url],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert serving.stdout is not None
    for line in serving.stdout:
        if "Application startup complete" in line:
            break
    try:
        assert run(["seed", "--items", "1", "--database", url]) == 1
        assert str(serving.pid) in capsys.readouterr().err
    finally:
        serving.send_signal(signal.SIGKILL)
        serving.communicate()
    assert run(["seed", "--items", "1", "--orders", "0", "--database", url]) == 0


def test_seeding_an_unreachable_database_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    url = "mongodb://user:hunter2@127.0.0.1:1/shop?serverSelectionTimeoutMS=200"

    assert run(["seed", "--items", "1", "--database", url]) == 1
    message = capsys.readouterr().err
    assert "PERF_API_DATABASE" in message
    assert "hunter2" not in message


def test_seeding_waits_for_a_mongodb_that_comes(mongodb_url: str) -> None:
    server = urlsplit(mongodb_url)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    login = server.netloc.rpartition("@")[0] + "@" if "@" in server.netloc else ""
    query = dict(parse_qsl(server.query)) | {"serverSelectionTimeoutMS": "200", "directConnection": "true"}
    query.pop("timeoutMS", None)  # it would wait for a server, too
    url = server._replace(netloc=f"{login}127.0.0.1:{port}", query=urlencode(query)).geturl()
    options = ["--items", "3", "--orders", "0", "--wait", "60"]
    with subprocess.Popen(
        [sys.executable, "-m", "perf_api", "seed", *options],
        env=os.environ | {"PERF_API_DATABASE": url},
        stderr=subprocess.PIPE,
        text=True,
    ) as seeding:
        assert seeding.stderr is not None
        assert "no MongoDB server can be reached; trying again" in seeding.stderr.readline()
        with forwarding(port, (server.hostname or "", server.port or 27017)):
            assert seeding.wait(60) == 0
    with MongoClient[dict[str, object]](mongodb_url) as client:
        assert client.get_default_database()["items"].count_documents({}) == 3


@contextmanager
def forwarding(port: int, to: tuple[str, int]) -> Iterator[None]:
    """Hand every connection to a loopback port on to another address."""
    with socket.create_server(("127.0.0.1", port)) as door, ThreadPoolExecutor(16) as hands:

        def take() -> None:
            with suppress(OSError):  # closed: the end
                while True:
                    here, _ = door.accept()
                    there = socket.create_connection(to)
                    hands.submit(carry, here, there)
                    hands.submit(carry, there, here)

        hands.submit(take)
        yield
        door.shutdown(socket.SHUT_RDWR)


def carry(source: socket.socket, sink: socket.socket) -> None:
    """Copy what comes until one side has ended."""
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def test_the_openapi_document_is_printed_or_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["openapi"]) == 0
    assert run(["openapi", "--output", f"{tmp_path}/o.json"]) == 0

    assert capsys.readouterr().out == (tmp_path / "o.json").read_text(encoding="utf-8")
