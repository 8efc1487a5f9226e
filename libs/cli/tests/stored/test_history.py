"""Listing, protecting and deleting runs, and their trends."""

import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Verdict
from perf_core.runstore import RunFolder, RunStore

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """Six runs without requests, r5 of today, r0 five days old; the odd ones REGRESSED and of a branch."""
    runs = RunStore(tmp_path / "runs")
    for at in range(6):
        info = RunInfo(
            f"r{at}",
            "shop",
            "t",
            state=RunState.FINISHED,
            started=time.time() - (5 - at) * 86400 - 60,
            requests=[5, 3, 9, 1, 7, 2][at],
            verdict=Verdict.REGRESSED if at % 2 else None,
            labels={"branch": "new" if at % 2 else "main"},
        )
        runs.create(info)
    return runs


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ((), ["r5", "r4", "r3", "r2", "r1", "r0"]),
        (("--verdict", "regressed"), ["r5", "r3", "r1"]),
        (("--verdict", "none", "--reverse"), ["r0", "r2", "r4"]),
        (("--label", "branch=new", "--since", "3d"), ["r5", "r3"]),
        (("--sort", "requests", "--limit", "2"), ["r2", "r4"]),
        (("--scenario", "unheard-of"), []),
        (("--state", "running"), []),
    ],
    ids=str,
)
def test_runs_are_filtered_and_sorted(
    command: Command, store: RunStore, arguments: tuple[str, ...], wanted: list[str]
) -> None:
    done = command("runs", *arguments, "--json")

    assert [each["id"] for each in json.loads(done.stdout)] == wanted
    assert len(store.list()) == 6


def test_old_runs_are_deleted_but_not_a_protected_one(command: Command, store: RunStore) -> None:
    command("baseline", "protect", "r0")
    listed = command("runs", "--prune", "--keep", "3", "--dry-run", "--json")
    gone = command("runs", "--prune", "--keep", "3", "--json")

    assert listed.stdout == gone.stdout
    assert [each["id"] for each in json.loads(gone.stdout)] == ["r2", "r1"]
    assert sorted(run.id for run in store.list()) == ["r0", "r3", "r4", "r5"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("runs", "--prune"), "--older-than or --keep"),
        (("runs", "--keep", "3"), "add it"),
        (("runs", "--label", "x"), "key=value"),
        (("runs", "--since", "soon"), "not a duration"),
        (("trends", "--scenario", "nope"), "there are: shop"),
        (("trends", "--last", "0"), "at least 1"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_wrong_usage(
    command: Command, store: RunStore, arguments: tuple[str, ...], words: str
) -> None:
    done = command(*arguments)

    assert (done.returncode, len(store.list())) == (2, 6)
    assert words in done.stderr


def test_the_run_that_changed_the_level_is_named(
    command: Command, record: Callable[..., RunFolder], tmp_path: Path
) -> None:
    for at in range(12):
        run_id = f"202609{at + 1:02}-000000-aaaa"
        folder = record(tmp_path / "runs", run_id, slow=1.4 if at >= 6 else 1.0, started=1_790_000_000 + at * 86400)
        folder.write_info(replace(folder.read_info(), verdict=None))

    told = command("trends")
    page = command("trends", "--html", "trends.html", "--json")

    assert "GET /report p95" in told.stdout
    assert "since run 20260907-000000-aaaa" in told.stdout
    assert "GET /items p95" not in told.stdout
    changed = {each["name"]: [change["run"] for change in each["changes"]] for each in json.loads(page.stdout)}
    assert changed["GET /report p95"] == ["20260907-000000-aaaa"]
    assert "20260907-000000-aaaa" in (tmp_path / "trends.html").read_text()
