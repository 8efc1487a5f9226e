"""How a judgement of stored runs is configured: flags beat the environment, that beats the file, that the run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from perf_cli.keys import KEYS
from perf_core.compare import DEFAULT


@pytest.fixture
def runs(record: Callable[..., object], tmp_path: Path) -> Path:
    record(tmp_path / "runs", "base", fingerprint={"users": "5", "target": "http://a"})
    record(tmp_path / "runs", "more", started=1_790_003_600, fingerprint={"users": "9", "target": "http://b"})
    return tmp_path


def test_another_load_ends_with_4_and_names_the_field_unless_forced(here, runs: Path) -> None:
    refused, forced = here("compare", "base", "more"), here("compare", "base", "more", "--force")

    assert (refused.returncode, forced.returncode) == (4, 0), refused.stderr + forced.stderr
    assert refused.stdout.startswith("? INCONCLUSIVE shop: not comparable: users\n")
    assert "users was '5', is '9'" in refused.stdout
    assert "warning: The runs differ: users was '5', is '9'" in forced.stdout
    assert runs.exists()


def test_flags_beat_the_environment_that_beats_the_file_that_beats_the_run(here, runs: Path) -> None:
    path = runs / "runs" / "more" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"policy": {"comparability.users": "ignore"}}))
    codes = [here("compare", "base", "more").returncode]
    (runs / "perf-platform.toml").write_text('[comparability]\nusers = "refuse"\n')
    codes.append(here("compare", "base", "more").returncode)
    environment = {"PERF_COMPARABILITY": "users=warn,target=ignore"}
    codes.append(here("compare", "base", "more", **environment).returncode)
    flag = here("compare", "base", "more", "--comparability", "users=ignore", "--comparability", "target=refuse")
    shown = here("config", "--comparability", "target=warn", "--json", **environment)
    settings = json.loads(shown.stdout)

    assert codes == [0, 4, 0]
    assert (flag.returncode, "not comparable: target" in flag.stdout) == (4, True)
    assert settings["comparability.users"] == {"value": "warn", "source": "PERF_COMPARABILITY"}
    assert settings["comparability.target"] == {"value": "warn", "source": "--comparability"}
    assert settings["comparability.pacing"] == {"value": "refuse", "source": "default"}


def test_the_thresholds_of_the_file_are_held_against_a_stored_run(here, runs: Path) -> None:
    (runs / "perf-platform.toml").write_text("[thresholds]\nfast = 'p95 < 1us'\n")

    compared, reported = here("compare", "base", "base"), here("report", "base")
    replaced = here("compare", "base", "base", "--threshold", "fast=p95 < 9s")

    assert (compared.returncode, reported.returncode, replaced.returncode) == (3, 3, 0), replaced.stdout
    assert "threshold broken: thresholds.fast: p95 of all requests" in compared.stdout
    assert "thresholds.fast" in (runs / "runs" / "base" / "junit.xml").read_text()


@pytest.mark.parametrize("started_with", ["p95 < 9s", "off"])
def test_what_a_run_was_started_with_beats_the_file(here, runs: Path, started_with: str) -> None:
    (runs / "perf-platform.toml").write_text("[thresholds]\nfast = 'p95 < 1us'\n")
    path = runs / "runs" / "base" / "run.json"
    facts = json.loads(path.read_text()) | {"thresholds": {"thresholds.fast": started_with}}
    path.write_text(json.dumps(facts))

    kept, broken = here("report", "base"), here("compare", "base", "base", "--threshold", "fast=p95 < 1us")

    assert (kept.returncode, broken.returncode) == (0, 3), kept.stdout + broken.stdout


@pytest.mark.parametrize(
    ("file", "arguments", "words"),
    [
        (
            '[comparability]\nuser = "warn"',
            (),
            "unknown key 'comparability.user'; did you mean 'comparability.users'",
        ),
        ('[comparability]\nusers = "never"', (), "comparability.users is 'never'; give ignore, warn or refuse"),
        ("", ("--comparability", "users"), "--comparability 'users' is not of the form field=how"),
        ("", ("--comparability", "colour=warn"), "'colour' is no field that runs are compared by"),
        ("", ("--sigma-run", "2"), "--sigma-run is '2'; give a relative change from 0 to 1"),
        ('sigma_endpoint = "much"', (), "sigma_endpoint is 'much'; give a relative change"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named(here, runs: Path, file: str, arguments: tuple[str, ...], words: str) -> None:
    (runs / "perf-platform.toml").write_text(file)

    done = here("compare", "base", "base", *arguments)

    assert done.returncode == 2
    assert words in done.stderr


def test_the_defaults_shown_are_those_of_the_judgement() -> None:
    shown = {key.name: key.default for key in KEYS}

    assert (shown["sigma_run"], shown["sigma_endpoint"]) == (DEFAULT.sigma_run, DEFAULT.sigma_endpoint)
