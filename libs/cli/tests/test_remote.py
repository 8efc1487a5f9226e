"""The commands with `--master`: a real master with its workers in another folder, and the same answers as there."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from perf_core.ports import free_port

TOKEN = "token-of-scripts"


@dataclass(frozen=True)
class Remote:
    """A master elsewhere: its address, the folder of its runs, and the command pointed at either."""

    url: str
    folder: Path
    command: Any

    def far(self, *arguments: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
        """Run the command on this machine, with --master."""
        answer: subprocess.CompletedProcess[str] = self.command(
            *arguments, "--master", self.url, PERF_MASTER_TOKEN=token
        )
        return answer

    def near(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command where the master's runs are."""
        answer: subprocess.CompletedProcess[str] = self.command(*arguments, PERF_RUNS_DIR=str(self.folder))
        return answer

    def begin(self, *arguments: str) -> "tuple[subprocess.Popen[str], str]":
        """Start `run --master` and return it with its run's id, once users are at work."""
        process = self.command.start("run", "--users", "4", *arguments, "--master", self.url, PERF_MASTER_TOKEN=TOKEN)
        return process, self.command.wait_for("running ").split("run ", 1)[1].split()[0]


@pytest.fixture
def remote(command, server) -> Iterator[Remote]:
    port, bus_port = str(free_port()), str(free_port())
    elsewhere = command.folder / "elsewhere"
    environment = command.environment(
        PERF_RUNS_DIR=str(elsewhere), PERF_MASTER_TOKEN=TOKEN, PERF_RECOVERY_SECONDS="2"
    )
    locust = [sys.executable, "-m", "perf_locust", "-f", "shop.py"]
    own = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", bus_port, "--web-host", "127.0.0.1"]
    join = ["--worker", "--master-host", "127.0.0.1", "--master-port", bus_port]
    commands = [[*locust, *own, "--web-port", port, "-H", server.url], [*locust, *join], [*locust, *join]]
    with (command.folder / "locust.log").open("wb") as log:
        processes = [
            subprocess.Popen(each, cwd=command.folder, env=environment, stdout=log, stderr=log) for each in commands
        ]
    yield Remote(f"http://127.0.0.1:{port}", elsewhere, command)
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(60)


def test_a_remote_master_answers_as_its_own_machine_would(remote, command, server) -> None:
    first = remote.far("run", "--users", "4", "--run-time", "5s", "--workers", "2", "--label", "commit=abc")
    assert first.returncode == 0, first.stdout + first.stderr
    (run,) = json.loads(remote.near("runs", "--json").stdout)
    promoting = f"perf-platform baseline set {run['id']} --master {remote.url}"
    assert run["validity"] == "SUSPECT" or promoting in first.stdout  # on a busy machine there is nothing to promote
    assert f"report: {remote.url}/perf/runs/{run['id']}/report" in first.stdout
    assert (run["requests"], run["users"], run["workers"], run["run_time"]) == (server.asked.total(), 4, 2, 5.0)
    assert run["labels"]["commit"] == "abc"
    assert not (command.folder / "runs").exists()

    promote = ("baseline", "set", run["id"], "--force")
    assert remote.far(*promote).stdout == remote.near(*promote).stdout
    process, second = remote.begin("--run-time", "10m", "--threshold", "error rate < 50%")
    refused = remote.far("run", "--users", "1", "--run-time", "1s")
    assert (refused.returncode, second in refused.stderr) == (5, True), refused.stderr
    still_on = remote.far("pull", second)
    assert (still_on.returncode, "is on" in still_on.stderr) == (5, True), still_on.stderr
    process.send_signal(signal.SIGINT)
    command.wait_for("report: ")
    code = process.wait(60)
    assert code in {0, 3, 4}, command.output()

    for arguments in (
        ("runs", "--json"),
        ("baseline", "show", "--json"),
        ("compare", run["id"], second, "--json"),
        ("baseline", "protect", run["id"]),
        ("baseline", "clear", "nothing of this name"),
    ):
        far, near = remote.far(*arguments), remote.near(*arguments)
        assert (far.returncode, far.stdout) == (near.returncode, near.stdout), (arguments, far.stderr, near.stderr)

    judged = remote.far("report", second, "--baseline", "none", "--threshold", "p95 < 1us")
    assert judged.returncode == 3, judged.stdout + judged.stderr
    assert json.loads((remote.folder / second / "comparison.json").read_text())["broken_thresholds"]
    assert remote.far("report", second, "--baseline", run["id"]).returncode == code

    pulled = remote.far("pull", "latest")
    assert pulled.returncode == 0, pulled.stderr
    for path in (remote.folder / second).iterdir():
        if not path.name.startswith("."):
            assert (command.folder / "runs" / second / path.name).read_bytes() == path.read_bytes()
    assert [each["id"] for each in command.runs()] == [second]


def test_a_cancelled_job_stops_its_run_and_leaves_the_verdict_to_the_master(remote, command) -> None:
    process, run_id = remote.begin("--run-time", "10m")

    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 128 + signal.SIGTERM
    assert f"run {run_id} is stopped" in command.output()
    deadline = time.monotonic() + 90
    while (run := json.loads(remote.far("runs", "--json").stdout)[0])["state"] != "finished":
        assert time.monotonic() < deadline, run
        time.sleep(0.3)
    assert run["id"] == run_id

    for arguments, code, words in (
        (("run", "--users", "1", "--run-time", "2s", "--host", "http://127.0.0.1:9"), 6, "cannot be reached"),
        (("run", "--baseline", "20200101-000000-0000", "--run-time", "2s"), 5, "20200101-000000-0000"),
        (("run", "-f", "shop.py"), 2, "leave -f"),
        (("pull", "20200101-000000-0000"), 5, "there is no run"),
    ):
        answer = remote.far(*arguments)
        assert (answer.returncode, words in answer.stderr) == (code, True), (arguments, answer.stderr)
    stranger = remote.far("runs", token="wrong")
    assert (stranger.returncode, "token is wrong" in stranger.stderr) == (5, True), stranger.stderr
    assert not (remote.folder / run_id / "master.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("runs", "--token", "x"), "--token belongs to --master"),
        (("runs", "--prune", "--keep", "1", "--master", "http://127.0.0.1:9"), "PERF_RETENTION"),
        (("runs", "--master", "shop:8089"), "write it like http://host:8080"),
        (("pull", "latest"), "name it with --master"),
    ],
    ids=["token alone", "prune far away", "no address", "no master"],
)
def test_a_master_that_is_none_is_wrong_usage(command, arguments: tuple[str, ...], words: str) -> None:
    answer = command(*arguments)

    assert (answer.returncode, words in answer.stderr) == (2, True), answer.stderr
