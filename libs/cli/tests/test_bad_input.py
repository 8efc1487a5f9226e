"""Bad input: one sentence with the remedy, the right exit code, no traceback, and nothing recorded is lost."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

LOAD = ("run", "-f", "shop.py", "--users", "2", "--run-time", "2s")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def assert_one_sentence(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("perf-platform")]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("run", "-f", "nope.py"), 2, "there is no locustfile nope.py; name a .py file"),
        (("run",), 2, "there is no locustfile locustfile.py"),
        (("run", "-f", "shop.py", "--users", "0"), 2, "--users is '0'; give a whole number of at least 1"),
        (("run", "-f", "shop.py", "--run-time", "soon"), 2, "90s, 2m or 1h30m"),
        (("run", "-f", "shop.py", "--label", "x"), 2, "key=value"),
        (("run", "--unheard-of"), 2, "unrecognized"),
        (("compare", "a", "b"), 5, "there is no run a"),
        (("report", "../x"), 5, "not a run id"),
        (("baseline", "set", "a"), 5, "there is no run a"),
        (("baseline", "clear", "shop"), 5, "has no baseline"),
        (("nonsense",), 2, "invalid choice"),
        ((), 2, "required"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_command_line(command, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    assert_one_sentence(command(*arguments), code, sentence)


def test_an_unreachable_host_is_invalid_and_listed(command) -> None:
    done = command(*LOAD, "--host", "http://127.0.0.1:9")

    assert_one_sentence(done, 6, "is INVALID: the target http://127.0.0.1:9 cannot be reached", "--wait 60s")
    assert [run["validity"] for run in command.runs()] == ["INVALID"]


@pytest.mark.parametrize(
    ("locustfile", "words"),
    [
        pytest.param("def (:\n", ("SyntaxError", "bad.py, line 1", "correct it"), id="syntax error"),
        pytest.param("\nimport nope_nope\n", ("ModuleNotFoundError", "bad.py, line 2"), id="missing module"),
        pytest.param("x = 1\n", ("No User class found",), id="no user"),
        pytest.param("import sys\nsys.exit('my own reason')\n", ("my own reason",), id="leaves by itself"),
    ],
)
def test_a_locustfile_that_does_not_load(command, server, locustfile: str, words: tuple[str, ...]) -> None:
    (command.folder / "bad.py").write_text(locustfile)

    done = command("run", "-f", "bad.py", "--host", server.url, "--users", "1", "--run-time", "5s")

    assert_one_sentence(done, 5, *words)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param(None, "rows.csv cannot be read (No such file or directory); name a file that can", id="no file"),
        pytest.param("", "rows.csv is empty; it needs a line with the names", id="empty"),
        pytest.param("id,price\n1,2\n3\n", "rows.csv line 3 has 1 values for 2 columns", id="a missing column"),
    ],
)
def test_data_that_cannot_be_used_is_told_before_any_load(command, server, rows: str | None, words: str) -> None:
    if rows is not None:
        (command.folder / "rows.csv").write_text(rows)
    locustfile = (command.folder / "shop.py").read_text()
    sampled = "from perf_locust.samplers import sampler\nrows = sampler('rows.csv', columns={'price': int})\n"
    (command.folder / "shop.py").write_text(sampled + locustfile)

    assert_one_sentence(command(*LOAD, "--host", server.url), 5, words)
    assert not server.asked


def test_a_run_with_no_request_is_invalid(command, server) -> None:
    (command.folder / "idle.py").write_text(
        "from locust import HttpUser, constant, task\nclass Idle(HttpUser):\n"
        "    wait_time = constant(0.1)\n    @task\n    def nothing(self): pass\n"
    )

    done = command("run", "-f", "idle.py", "--host", server.url, "--users", "1", "--run-time", "2s")

    assert_one_sentence(done, 6, "is INVALID: no request was recorded; check that the locustfile has tasks")
    assert "promote" not in done.stdout


def test_a_run_without_a_host_says_so(command) -> None:
    assert_one_sentence(command(*LOAD), 6, "no host is known; name it with --host or in the locustfile")


@pytest.mark.parametrize("line", ["master = true", "worker = true", "processes = 2"])
def test_a_role_in_locusts_file_is_refused(command, server, line: str) -> None:
    (command.folder / "locust.conf").write_text(f"{line}\nheadless = true\n")

    done = command(*LOAD, "--host", server.url)

    assert_one_sentence(done, 2, f"sets '{line.split(maxsplit=1)[0]}'; remove it")


def test_an_option_locust_does_not_know(command, server) -> None:
    assert_one_sentence(
        command(*LOAD, "--host", server.url, "--", "--unheard-of"), 2, "unrecognized arguments: --unheard-of"
    )


def test_a_taken_port(command, server, taken: int) -> None:
    done = command(*LOAD, "--host", server.url, "--", "--master-bind-port", str(taken))

    assert_one_sentence(done, 5, str(taken), "taken", "choose another")


def test_unknown_and_damaged_baselines_and_a_read_only_folder_lose_nothing(command, server) -> None:
    first = command(*LOAD, "--host", server.url)
    assert first.returncode == 0, first.stdout + first.stderr
    (run,) = command.runs()
    folder = command.folder / "runs"

    assert_one_sentence(
        command(*LOAD, "--host", server.url, "--baseline", "nope"), 5, "there is no run nope", run["id"]
    )

    log = folder / run["id"] / "frames.log"
    whole = log.read_bytes()
    log.write_bytes(whole[: len(whole) // 2])
    damaged = command(*LOAD, "--host", server.url, "--baseline", run["id"])
    assert_one_sentence(damaged, 5, "is damaged", "restore the folder from a copy or choose another run")
    assert_one_sentence(command("compare", run["id"], run["id"]), 5, "is damaged")
    log.write_bytes(whole)

    (folder / run["id"] / "run.json").rename(folder / run["id"] / "kept.json")
    (folder / run["id"] / "run.json").write_text("{")
    assert_one_sentence(command(*LOAD, "--host", server.url, "--baseline", run["id"]), 5, "run.json cannot be read")
    (folder / run["id"] / "kept.json").rename(folder / run["id"] / "run.json")

    assert [each["id"] for each in command.runs()] == [run["id"]]
    assert command("compare", run["id"], run["id"]).returncode in {0, 4}


def test_a_read_only_run_folder(command, server) -> None:
    """Root may write everywhere: only a read-only mount refuses it."""
    if not shutil.which("unshare"):
        pytest.fail("unshare is missing: install util-linux")
    shell = (
        f"mkdir -p runs && mount -t tmpfs -o ro,size=1m none runs && exec {sys.executable} -m perf_cli "
        + " ".join((*LOAD, "--host", server.url))
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", shell],
        cwd=command.folder,
        env=command.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert_one_sentence(done, 5, "the run folder runs cannot be written (Read-only file system)", "PERF_RUNS_DIR")


def test_a_damaged_promotion_is_said_and_others_go_on(command, server) -> None:
    first = command(*LOAD, "--host", server.url)
    assert first.returncode == 0, first.stdout + first.stderr
    (run,) = command.runs()
    command("baseline", "set", run["id"], "--force")
    (command.folder / "runs" / "baselines" / "shop.json").write_text("{")

    assert_one_sentence(command("baseline", "show"), 5, "promote a run again")
    assert json.loads(command("runs", "--json").stdout)[0]["id"] == run["id"]
