"""The import command: what it prints, its exit codes, and what can be done with the run it makes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]
HEADER = "timestamp,method,name,duration,ok,bytes\n"


@pytest.fixture
def command(tmp_path: Path) -> Command:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "perf_cli", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return call


def write(path: Path, seed: int, factor: float = 1.0) -> None:
    draw = np.random.default_rng(seed)
    with path.open("w") as file:
        file.write(HEADER)
        for n, (at, seconds) in enumerate(zip(draw.uniform(0, 60, 9000), draw.lognormal(-3, 0.4, 9000), strict=True)):
            slow = factor if n % 3 == 0 else 1.0
            file.write(f"{1_790_000_000 + seed * 100 + at:.4f},GET,/e{n % 3},{seconds * slow:.6f},1,100\n")


def test_an_imported_run_is_a_run_like_any_other(command: Command, tmp_path: Path) -> None:
    write(tmp_path / "old.csv", 1)
    write(tmp_path / "new.csv", 2, factor=1.5)

    old, new = command("import", "old.csv", "--scenario", "shop"), command("import", "new.csv", "--scenario", "shop")
    first, second = (done.stdout.splitlines()[-1] for done in (old, new))

    assert (old.returncode, new.returncode) == (0, 0), old.stderr + new.stderr
    assert first != second
    assert {run["id"] for run in json.loads(command("runs", "--json").stdout)} == {first, second}
    assert command("baseline", "set", first).returncode == 0
    compared = command("compare", first, second, "--json")
    assert (compared.returncode, json.loads(compared.stdout)["verdict"]) == (3, "REGRESSED")
    assert command("report", second).returncode == 3  # against the promoted one, as every run at its end
    assert command("report", second, "--baseline", "none").returncode == 0
    assert command("report", second).returncode == 3  # what was promoted meanwhile counts, if none was not asked for
    assert command("report", second, "--baseline", first).returncode == 3
    assert "GET /e0" in (tmp_path / "runs" / second / "report.html").read_text()


def test_json_is_one_line_and_nothing_else(command: Command, tmp_path: Path) -> None:
    write(tmp_path / "shop.csv", 1)

    (line,) = command("import", "shop.csv", "--json").stdout.splitlines()
    told = json.loads(line)

    assert (tmp_path / "runs" / told["run_id"] / "run.json").exists()
    assert (told["scenario"], told["format"], told["requests"], told["bad_rows"]) == ("shop", "samples", 9000, 0)


def test_bad_rows_are_told_and_end_with_4(command: Command, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(HEADER + "1790000000,GET,/a,0.1,1,1\n1790000000,GET,/a,soon,1,1\n")

    done = command("import", "shop.csv")

    assert done.returncode == 4
    assert "line 3: duration 'soon' is not a number" in done.stderr
    assert "1 of 2 rows were left out" in done.stderr
    assert (tmp_path / "runs" / done.stdout.splitlines()[-1]).is_dir()


def test_what_is_no_run_in_the_run_folder_is_ignored(command: Command, tmp_path: Path) -> None:
    write(tmp_path / "shop.csv", 1)
    run_id = command("import", "shop.csv").stdout.splitlines()[-1]
    runs = tmp_path / "runs"
    (runs / "notes.txt").write_text("mine")
    (runs / "folder").mkdir()
    (runs / "folder" / "run.json").mkdir()
    (runs / "broken").mkdir()
    (runs / "broken" / "run.json").write_text("{")
    (runs / "empty").mkdir()
    (runs / run_id / "mine.txt").write_text("mine")

    done = command("runs", "--json")

    assert [run["id"] for run in json.loads(done.stdout)] == [run_id]
    assert command("compare", run_id, run_id).returncode == 0
    assert command("import", "shop.csv").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [(("nothing.csv",), 5, "cannot be read"), (("runs.csv", "--format", "xml"), 2, "invalid choice")],
    ids=["no file", "no format"],
)
def test_bad_input_gets_one_sentence(command: Command, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    done = command("import", *arguments)

    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert sentence in done.stderr


LOCUSTFILE = """
import time
import gevent
from locust import User, constant, task

class Shopper(User):
    wait_time = constant(0.01)
    done = False

    @task
    def buy(self):
        for at, name in enumerate(("/a", "/b <b>")):
            fault = OSError("no stock") if at and int(time.time() * 50) % 4 == 0 else None
            self.environment.events.request.fire(
                request_type="GET", name=name, response_time=10.0 + 30 * at, response_length=7, exception=fault
            )
        total = self.environment.stats.total
        if total.num_requests > 200 and time.time() - total.start_time > 4 and not self.done:
            Shopper.done = True
            gevent.spawn(self.environment.runner.quit)
"""


def test_what_a_plain_locust_run_left_behind_is_a_run_of_low_resolution(command: Command, tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").write_text(LOCUSTFILE)
    plain = ("--headless", "-u", "4", "-r", "4", "-t", "2m", "--csv", "plain", "--csv-full-history")
    subprocess.run(
        [sys.executable, "-m", "locust", *plain, "--json-file", "plain"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    found = {}
    for file in ("plain_stats.csv", "plain_stats_history.csv", "plain.json"):
        done = command("import", file, "--scenario", "shop", "--format", "locust-csv")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "low resolution: its file holds" in done.stdout
        found[file] = run = done.stdout.splitlines()[-1]
        assert command("report", run, "--threshold", "p95 < 1ms").returncode == 3
        told = json.loads((tmp_path / "runs" / run / "comparison.json").read_text())
        figures = {each["name"]: each["current"] for each in told["endpoints"]}
        assert (figures["/a"]["p50"], figures["/a"]["p95"], figures["/b <b>"]["p95"]) == (0.01, 0.01, 0.04)
        assert 0 < figures["/b <b>"]["failures"] < figures["/b <b>"]["requests"]
        assert "low resolution" in (tmp_path / "runs" / run / "report.html").read_text()

    entries = {each["name"]: each for each in json.loads((tmp_path / "plain.json").read_text())}
    assert figures["/a"]["requests"] == entries["/a"]["num_requests"]
    compared = command("compare", found["plain_stats.csv"], found["plain.json"])
    assert compared.returncode == 4
    assert "no test can tell a change from chance" in compared.stdout
    assert "VALID, low resolution" in command("runs").stdout
    assert "no stock" in (tmp_path / "runs" / found["plain_stats.csv"] / "report.html").read_text()
