"""Baselines that are sets, on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def runs(record: Callable[..., object], tmp_path: Path) -> Path:
    for at, name in enumerate(("base1", "base2", "base3")):
        record(tmp_path / "runs", name, started=1_790_000_000 + 100 * at, fingerprint={"users": "5", "version": "1"})
    record(tmp_path / "runs", "slow1", slow=1.4, started=1_790_003_600)
    record(tmp_path / "runs", "slow2", slow=1.4, started=1_790_003_700)
    record(tmp_path / "runs", "strange", started=1_790_007_200, fingerprint={"users": "6", "version": "2"})
    return tmp_path


def test_a_baseline_grows_shows_and_travels(here, runs: Path, tmp_path: Path) -> None:
    said = [here("baseline", "add", name).stdout for name in ("base1", "base2", "base3")]
    strange = here("baseline", "add", "strange")
    shown = json.loads(here("baseline", "show", "--json").stdout)
    packed = here("pack", "--scenario", "shop", "set.perf")
    elsewhere = {"PERF_RUNS_DIR": str(tmp_path / "elsewhere")}
    (tmp_path / "elsewhere").mkdir()
    (runs / "runs" / "slow1").rename(tmp_path / "elsewhere" / "slow1")
    (runs / "runs" / "slow2").rename(tmp_path / "elsewhere" / "slow2")
    judged = here("compare", "set.perf", "slow1,slow2", "--json", **elsewhere)
    document = json.loads(judged.stdout)

    assert said[0] == "scenario 'shop' has a baseline of 1: base1\n"
    assert said[2] == "scenario 'shop' has a baseline of 3: base1, base2, base3\n"
    assert (strange.returncode, strange.stdout) == (5, "")
    assert "version was '1', is '2'; users was '5', is '6'" in strange.stderr
    assert (shown[0]["run_id"], shown[0]["more"]) == ("base1", ["base2", "base3"])
    assert here("baseline", "show").stdout.startswith("shop: base1, base2, base3 (promoted by ")
    assert "runs base1, base2, base3, " in packed.stdout
    assert judged.returncode == 3
    assert (document["baseline"], document["more_baselines"]) == ("base1", ["base2", "base3"])
    assert (document["current"], document["repeats"]) == ("slow1", ["slow2"])
    assert here("baseline", "remove", "base1").stdout.endswith("base2, base3 left\n")
    assert here("baseline", "clear", "shop").returncode == 0
    assert json.loads(here("baseline", "show", "--json").stdout) == []


def test_a_report_is_made_again_with_its_sets(here, runs: Path) -> None:
    path = runs / "runs" / "slow2" / "run.json"
    sets = {"baseline": "base1", "more_baselines": ["base2"], "repeats": ["slow1"]}
    path.write_text(json.dumps(json.loads(path.read_text()) | sets))

    done = here("report", "slow2")
    document = json.loads((runs / "runs" / "slow2" / "comparison.json").read_text())

    assert done.returncode == 3, done.stderr
    assert "baseline base1 (VALID) with 1 more, current slow2 (VALID) with 1 more" in done.stdout
    assert (document["more_baselines"], document["repeats"]) == (["base2"], ["slow1"])
    assert json.loads(path.read_text())["more_baselines"] == ["base2"]


def test_a_set_that_is_wrong_is_told(here, runs: Path) -> None:
    nothing, missing = here("pack", "x.perf"), here("compare", "base1,nope", "slow1")

    assert (nothing.returncode, missing.returncode) == (5, 5)
    assert "nothing to pack; name runs" in nothing.stderr
    assert "there is no run nope" in missing.stderr
    assert not (runs / "x.perf").exists()
