"""`perf-platform ab` against two versions of a plain server: verdicts, exit codes, and what is left behind."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perf_cli.processes import Processes
from perf_core.ports import free_port

SERVER = """
import asyncio, os, random, sys, time
port, delay, lifetime = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
open(f"pid-{os.getpid()}", "w").close()
served = 0
async def answer(reader, writer):
    global served
    try:
        while True:
            path = (await reader.readuntil(b"\\r\\n\\r\\n")).split()[1]
            body = b"ok"
            if path == b"/served":
                body = str(served).encode()
            else:
                served += 1
                await asyncio.sleep(random.lognormvariate(0, 0.2) * (delay if path == b"/quote" else 0.06))
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    await asyncio.sleep(lifetime)
    sys.exit("out of memory, says the server")
asyncio.run(main())
"""
LOCUSTFILE = """
from locust import FastHttpUser, between, task
class Plain(FastHttpUser):
    wait_time = between(0.03, 0.07)
    @task
    def page(self): self.client.get("/page")
    @task
    def quote(self): self.client.get("/quote")
"""
# Slow enough, and asked little enough, that what the machine does besides stays below the relevance floors.
SHORT = ("ab", "-f", "shop.py", "--users", "16", "--run-time", "36s", "--block", "3s", "--warm-up", "0")
Command = Callable[..., subprocess.CompletedProcess[str]]


def serve(delay: float, lifetime: float = 600.0, port: object = "{port}") -> list[str]:
    return [sys.executable, "server.py", str(port), str(delay), str(lifetime)]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "shop.py").write_text(LOCUSTFILE)
    (tmp_path / "server.py").write_text(SERVER)
    yield tmp_path
    for pid in servers_of(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def command(folder: Path) -> Command:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "perf_cli", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )

    return call


def servers_of(folder: Path) -> list[int]:
    """The servers of the test's own folder that still run."""
    pids = [int(path.name.removeprefix("pid-")) for path in folder.glob("pid-*")]
    return [pid for pid in pids if is_server(pid)]


def is_server(pid: int) -> bool:
    try:
        return b"server.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float = 90.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def test_two_commands_of_the_same_version_are_not_regressed(command: Command, folder: Path) -> None:
    same = shlex.join(serve(0.1))

    nobody = f"http://127.0.0.1:{free_port()}"
    sides = ("--baseline-cmd", same, "--current-cmd", same)
    done = command(*SHORT, *sides, "--seed", "5", "--label", "commit=abc", "--master", nobody)
    runs = {run["labels"]["side"]: run for run in json.loads(command("runs", "--json").stdout)}

    assert done.returncode in {0, 4}, done.stdout + done.stderr
    assert runs["current"]["verdict"] in {"UNCHANGED", "IMPROVED", "INCONCLUSIVE"}
    assert (runs["baseline"]["verdict"], runs["current"]["baseline"]) == (None, runs["baseline"]["id"])
    assert f"the runs are here only, runs: the master at {nobody} does not answer" in done.stderr
    assert {run["validity"] for run in runs.values()} == {"VALID"}
    assert runs["current"]["labels"]["commit"] == "abc"
    assert "6 pairs of blocks of 3 s, order of seed 5" in done.stdout
    assert servers_of(folder) == []


def test_a_slower_version_is_regressed_and_each_side_has_its_own_requests(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = {"baseline": free_port(), "current": free_port()}
    hosts = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    monkeypatch.chdir(folder)
    with Processes() as servers:
        servers.start("baseline", serve(0.1, port=ports["baseline"]))
        servers.start("current", serve(0.15, port=ports["current"]))

        done = command(
            *SHORT,
            "--baseline-host",
            hosts["baseline"],
            "--current-host",
            hosts["current"],
            "--wait",
            "60s",
            "--json",
        )

        served = {}
        for name, host in hosts.items():
            with urllib.request.urlopen(f"{host}/served") as answer:
                served[name] = int(answer.read())
    told = json.loads(done.stdout)
    runs = {run["id"]: run for run in json.loads(command("runs", "--json").stdout)}
    facts = {side: json.loads((folder / "runs" / told[side] / "run.json").read_text()) for side in ports}

    assert (done.returncode, told["verdict"]) == (3, "REGRESSED"), done.stderr
    assert "/quote" in [each["name"] for each in told["endpoints"] if each["verdict"] == "REGRESSED"]
    assert {side: runs[told[side]]["requests"] for side in ports} == served
    assert [len(facts[side]["blocks"]) for side in ports] == [6, 6]
    assert facts["baseline"]["partner"] == told["current"]
    assert not any("longer than a block" in warning for warning in told["warnings"])
    assert "REGRESSED" in (folder / "runs" / told["current"] / "report.html").read_text()
    again = command("compare", told["baseline"], told["current"], "--json")
    assert (again.returncode, json.loads(again.stdout)["explanation"]) == (3, told["explanation"])


def test_a_command_that_dies_is_named_with_its_last_lines(command: Command, folder: Path) -> None:
    done = command(
        *SHORT, "--baseline-cmd", shlex.join(serve(0.1)), "--current-cmd", shlex.join(serve(0.1, lifetime=5.0))
    )

    assert done.returncode == 5, done.stdout
    assert "current ended with status 1" in done.stderr
    assert "out of memory, says the server" in done.stderr
    assert servers_of(folder) == []


@pytest.mark.parametrize(
    ("number", "after"),
    [(signal.SIGTERM, "pairs of blocks"), (signal.SIGINT, "is run"), (signal.SIGHUP, "is run")],
    ids=["SIGTERM in a block", "Ctrl-C at the start", "the terminal is closed"],
)
def test_a_test_that_is_ended_leaves_nothing_behind(folder: Path, number: signal.Signals, after: str) -> None:
    same = shlex.join(["sh", "-c", f"{shlex.join(serve(0.1))}; true"])  # which has a child of its own
    arguments = [*SHORT[:6], "10m", "--baseline-cmd", same, "--current-cmd", same]
    with (folder / "out").open("w") as out:
        child = subprocess.Popen([sys.executable, "-m", "perf_cli", *arguments], cwd=folder, stdout=out, stderr=out)
    try:
        begun = wait_for(lambda: after in (folder / "out").read_text() or child.poll() is not None)
        before = servers_of(folder)
        child.send_signal(number)

        code = child.wait(90)
    finally:
        child.kill()
        child.wait()

    assert begun
    assert len(before) == 2, (folder / "out").read_text()
    assert code in {129, 130, 143}
    assert servers_of(folder) == []


@pytest.mark.parametrize("leader", ["wait", "exit 1"], ids=["leader lives", "leader has died"])
def test_what_a_command_started_is_ended_with_it(folder: Path, leader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    script = f"{shlex.join(serve(0.1, port=free_port()))} & {leader}"
    with Processes() as services:
        services.start("service", ["sh", "-c", script])
        assert wait_for(lambda: len(servers_of(folder)) == 1)

    assert wait_for(lambda: not servers_of(folder))


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--current-host", "http://h"), 2, "one of the arguments --baseline-host --baseline-cmd is required"),
        (("--baseline-host", "http://h", "--baseline-cmd", "x", "--current-host", "http://h"), 2, "not allowed with"),
        (("--baseline-cmd", "serve", "--current-host", "http://h"), 2, "--baseline-cmd has no {port}"),
        (("--baseline-cmd", "no-such-program {port}", "--current-host", "http://h"), 2, "cannot be started"),
        (("--baseline-host", "http://h", "--current-host", "http://h", "--block", "2s"), 2, "at least 3s"),
        (
            ("--baseline-host", "http://h", "--current-host", "http://h", "--run-time", "30s"),
            2,
            "give --run-time 36s",
        ),
        (("--baseline-host", "http://127.0.0.1:9", "--current-host", "http://127.0.0.1:9"), 6, "too early"),
        (("--baseline-cmd", "false {port}", "--current-host", "http://h"), 5, "baseline ended with status 1"),
        (("--baseline-host", "http://h", "--current-host", "http://h", "--sigma-run", "5%"), 2, "unrecognized"),
    ],
    ids=[
        "one side",
        "both ways",
        "no port",
        "no program",
        "short blocks",
        "few pairs",
        "unreachable",
        "dies at once",
        "noise between runs",
    ],
)
def test_bad_input_gets_one_sentence_and_its_code(
    command: Command, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = command(*SHORT, *arguments)

    assert done.returncode == code, done.stdout + done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_users_with_an_arrival_rate_are_refused(command: Command, folder: Path) -> None:
    (folder / "open.py").write_text(
        "from locust import FastHttpUser, task\n"
        "from perf_locust.users import ArrivalRateUser\n"
        "class Buyer(ArrivalRateUser, FastHttpUser):\n"
        "    rate = 5\n"
        "    @task\n"
        "    def ask(self): self.client.get('/')\n"
    )
    nobody = "http://127.0.0.1:9"
    done = command("ab", "-f", "open.py", *SHORT[3:], "--baseline-host", nobody, "--current-host", nobody)

    assert done.returncode == 2
    assert "Buyer has an arrival rate; an interleaved test alternates closed users" in done.stderr
