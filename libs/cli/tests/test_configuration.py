"""`perf-platform.toml`, the environment and flags: who wins, and what an error says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from perf_cli.keys import KEYS


@pytest.fixture
def config(tmp_path: Path):
    """Run `perf-platform config --json` in a folder with a locustfile, with nothing of ours in the environment."""
    (tmp_path / "shop.py").write_text("")
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "PERF_", "GITHUB_"))
    }

    def call(*arguments: str, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "perf_cli", "config", *arguments],
            cwd=cwd,
            env={**clean, "HOME": str(tmp_path / "home"), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def settings(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[object, str]]:
    assert done.returncode == 0, done.stderr
    return {name: (each["value"], each["source"]) for name, each in json.loads(done.stdout).items()}


def test_flags_beat_the_environment_that_beats_our_file_that_beats_locusts(config, tmp_path: Path) -> None:
    (tmp_path / "locust.conf").write_text("users = 1\nhost = http://conf\nspawn-rate = 7\n")
    (tmp_path / "perf-platform.toml").write_text('users = 2\nhost = "http://file"\nrun_time = "2m"\nworkers = 3\n')

    found = settings(
        config(
            "-f", "shop.py", "--users", "4", "--json", "--", "-t", "1h", LOCUST_USERS="3", LOCUST_HOST="http://env"
        )
    )

    assert found["users"] == (4, "--users")
    assert found["host"] == ("http://env", "LOCUST_HOST")
    assert found["workers"] == (3, "perf-platform.toml")
    assert found["spawn_rate"] == (7.0, "locust.conf")
    assert found["run_time"] == (3600.0, "after --")
    assert found["scenario"] == (None, "default")
    assert found["locustfile"] == ("shop.py", "--locustfile")


def test_tables_merge_name_by_name(config, tmp_path: Path) -> None:
    (tmp_path / "perf-platform.toml").write_text(
        '[labels]\nteam = "shop"\ntier = 1\nbranch = "file"\n[mail]\nto = ["a@example.org", "b@example.org"]\n'
        '[target]\nmetrics_controller = "http://api:8000/v1/metrics-controller"\n'
    )

    found = settings(
        config(
            "--json", "--label", "tier=2", CI_COMMIT_SHA="abc", PERF_LABELS="branch=env", PERF_SMTP_PASSWORD="hunter2"
        )
    )

    assert found["labels.team"] == ("shop", "perf-platform.toml")
    assert found["labels.tier"] == ("2", "--label")
    assert found["labels.branch"] == ("env", "PERF_LABELS")
    assert found["labels.commit"] == ("abc", "CI_COMMIT_SHA")
    assert found["mail.to"] == ("a@example.org,b@example.org", "perf-platform.toml")
    assert found["mail.password"] == ("(set)", "PERF_SMTP_PASSWORD")
    assert found["target.metrics_controller"] == ("http://api:8000/v1/metrics-controller", "perf-platform.toml")


def test_the_file_lies_beside_the_locustfile_and_another_can_be_named(config, tmp_path: Path) -> None:
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "shop.py").write_text("")
    (tmp_path / "load" / "perf-platform.toml").write_text("users = 11\n")
    (tmp_path / "perf-platform.toml").write_text("users = 22\n")
    (tmp_path / "other.toml").write_text("users = 33\n")

    assert settings(config("-f", "load/shop.py", "--json"))["users"] == (11, "load/perf-platform.toml")
    assert settings(config("-f", "load", "--json"))["users"] == (11, "load/perf-platform.toml")
    assert settings(config("--json"))["users"] == (22, "perf-platform.toml")
    assert settings(config("--config", "other.toml", "--json"))["users"] == (33, "other.toml")


def test_the_text_form_has_every_key_with_its_source(config) -> None:
    done = config("--users", "4")

    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert set(lines) == {"locustfile"} | {key.name for key in KEYS if not key.name.endswith(".*")}
    assert lines["users"].split() == ["users", "4", "--users"]
    assert lines["workers"].split() == ["workers", "1", "default"]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("uesrs = 2", "unknown key 'uesrs'; did you mean 'users'?"),
        ('[mail]\nhots = "x"', "unknown key 'mail.hots'; did you mean 'mail.host'?"),
        ("zzzzzz = 1", "unknown key 'zzzzzz'; the keys are host, users"),
        ("users = true", "perf-platform.toml: users is True; give a whole number of at least 1"),
        ("users = 0", "users is 0; give a whole number of at least 1"),
        ('run_time = "soon"', "run_time is 'soon'; write it like 90s, 2m or 1h30m"),
        ("spawn_rate = -1", "spawn_rate is -1; give a number above zero"),
        ("spawn_rate = nan", "give a number above zero"),
        ('strict = "perhaps"', "strict is 'perhaps'; give true or false"),
        (
            '[target]\nmetrics_controller = "api"',
            "target.metrics_controller is 'api'; write it like http://host:8080",
        ),
        ('[mail]\npassword = "hunter2"', "does not belong in a file; set PERF_SMTP_PASSWORD instead"),
        ("labels = 3", "unknown key 'labels'"),
        ("users = [", "perf-platform.toml cannot be read"),
    ],
)
def test_a_wrong_file_is_named_with_the_remedy(config, tmp_path: Path, file: str, sentence: str) -> None:
    (tmp_path / "perf-platform.toml").write_text(file)

    done = config()

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "hunter2" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        ((), {"LOCUST_USERS": "many"}, "LOCUST_USERS is 'many'; give a whole number"),
        ((), {"PERF_LABELS": "commit"}, "PERF_LABELS 'commit' is not of the form key=value"),
        (("--label", "x"), {}, "--label 'x' is not of the form key=value"),
        (("--config", "nope.toml"), {}, "there is no configuration file nope.toml"),
        (("--", "-u"), {}, "expected one argument"),
    ],
)
def test_a_wrong_variable_or_flag_is_named(config, arguments, environment, sentence: str) -> None:
    done = config(*arguments, **environment)

    assert done.returncode == 2
    assert sentence in done.stderr


def test_every_key_has_a_meaning_and_no_variable_is_used_twice() -> None:
    variables = [key.variable for key in KEYS if key.variable]

    assert all(key.meaning for key in KEYS)
    assert len(variables) == len(set(variables))
