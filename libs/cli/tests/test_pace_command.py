"""`perf-platform pace` against a real run, and what it says when there is none."""

import json
import time
from pathlib import Path

import pytest

from perf_cli.__main__ import run_command_line


def test_the_run_that_is_on_is_found_and_paced(command, server, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    running = command.start("run", "-f", "shop.py", "--host", server.url, "--users", "4", "--run-time", "600s")
    deadline = time.monotonic() + 120
    while sum(server.asked.values()) < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    monkeypatch.setenv("PERF_RUNS_DIR", str(command.folder / "runs"))

    assert run_command_line(["pace", "0.5", "--task", "Plain.other=3"]) == 0
    assert run_command_line(["pace", "--rate", "8"]) == 0
    assert run_command_line(["pace", "--source", "accounts.gold=1"]) == 5
    (door,) = (json.loads(path.read_text()) for path in (command.folder / "runs").glob("*/master.json"))
    monkeypatch.setenv("PERF_RUNS_DIR", str(command.folder / "nothing"))
    monkeypatch.setenv("PERF_MASTER_TOKEN", door["token"])
    assert run_command_line(["pace", "--reset", "--master", door["url"]]) == 0
    running.terminate()
    running.wait(100)

    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "pacing: 0.5 s from start to start; 1 of 1 workers do so",
        "tasks: Plain.other 3, Plain.page 1",
        "pacing: 8 iterations/s over all users; 1 of 1 workers do so",
        "tasks: Plain.other 3, Plain.page 1",
        "pacing: the locustfile's waiting time; 1 of 1 workers do so",
        "tasks: Plain.other 1, Plain.page 1",
    ]
    assert "there is no mix 'accounts' of test data; there is none" in said.err


def test_a_worker_that_does_not_answer_is_named(command, server, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    command.start("run", "-f", "shop.py", "--host", server.url, "--users", "4", "--run-time", "600s")
    deadline = time.monotonic() + 120
    while sum(server.asked.values()) < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    monkeypatch.setenv("PERF_RUNS_DIR", str(command.folder / "runs"))
    (worker,) = (each for each in command.descendants() if "--worker" in each.cmdline())
    worker.suspend()

    assert run_command_line(["pace", "0.5"]) == 5

    said = capsys.readouterr()
    assert "pacing: 0.5 s from start to start; 0 of 1 workers do so" in said.out
    assert "within 2 s; it is told again until it answers" in said.err
    worker.resume()
    while run_command_line(["pace"]) == 0 and "1 of 1 workers" not in capsys.readouterr().out:
        assert time.monotonic() < deadline, "it never did it"


@pytest.mark.parametrize(
    "case",
    [
        (["0"], 2, "SECONDS is '0'; give a number above zero, or --reset"),
        (["fast"], 2, "SECONDS is 'fast'; give a number above zero, or --reset"),
        (["--rate=-5"], 2, "--rate is '-5'; give a number above zero"),
        (["--users", "0"], 2, "--users is '0'; give a whole number of at least 1"),
        (["--task", "order"], 2, "--task is 'order'; write it like Shopper.order=20"),
        (["1"], 5, "no run is on in "),
        (["1", "--master", "http://127.0.0.1:9"], 5, "the master at http://127.0.0.1:9 does not answer"),
    ],
)
def test_what_cannot_be_set_is_told(tmp_path: Path, monkeypatch, capsys, case: tuple[list[str], int, str]) -> None:
    arguments, code, sentence = case
    monkeypatch.setenv("PERF_RUNS_DIR", str(tmp_path))

    assert run_command_line(["pace", *arguments]) == code
    assert sentence in capsys.readouterr().err
