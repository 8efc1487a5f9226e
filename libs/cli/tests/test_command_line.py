"""The main path: a first run, its promotion, a second run that is compared, and what the commands print of them."""

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest


def valid(text: str, schema: str) -> Any:
    """Return the document when it is what the schema kept in the repository says."""
    document = json.loads(text)
    known = json.loads((files("perf_cli") / "schemas" / f"{schema}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(known)
    jsonschema.validate(document, known)
    return document


def test_a_first_run_says_how_to_promote_and_a_second_is_compared(command, server) -> None:
    load = ("run", "-f", "shop.py", "--host", server.url, "--users", "4", "--run-time", "6s", "--workers", "2")

    assert valid(command("runs", "--json").stdout, "runs") == []
    assert valid(command("baseline", "show", "--json").stdout, "baseline") == []
    first = command(*load, "--label", "commit=abc")
    (run,) = valid(command("runs", "--json").stdout, "runs")

    assert first.returncode == 0, first.stdout + first.stderr
    assert f"perf-platform baseline set {run['id']}" in first.stdout
    assert (run["scenario"], run["verdict"], run["validity"], run["failures"]) == ("shop", None, "VALID", 0)
    assert (run["users"], run["spawn_rate"], run["run_time"], run["workers"]) == (4, 2.0, 6.0, 2)
    assert run["requests"] == server.asked.total()
    assert run["labels"]["commit"] == "abc"
    assert (command.folder / "runs" / run["id"] / "report.html").exists()

    assert command("baseline", "set", run["id"]).returncode == 0
    assert valid(command("baseline", "show", "--json").stdout, "baseline")[0]["run_id"] == run["id"]
    second = command(*load)
    newest, oldest = valid(command("runs", "--json").stdout, "runs")

    assert second.returncode in {0, 4}, second.stdout + second.stderr
    assert (newest["baseline"], oldest["id"]) == (run["id"], run["id"])
    assert newest["verdict"] in {"UNCHANGED", "INCONCLUSIVE", "IMPROVED"}

    compared = command("compare", run["id"], newest["id"], "--json")
    document = valid(compared.stdout, "compare")

    assert document["verdict"] == newest["verdict"]
    assert (document["baseline"], document["current"]) == (run["id"], newest["id"])
    assert {each["name"] for each in document["endpoints"]} == {"/", "/other"}
    assert 0 <= document["endpoints"][0]["ks_distance"] <= 1
    assert compared.returncode == command("report", newest["id"]).returncode == second.returncode

    stored = (command.folder / "runs" / newest["id"] / "comparison.json").read_text()
    assert valid(stored, "compare")["current"] == newest["id"]
    alone = (command.folder / "runs" / run["id"] / "comparison.json").read_text()
    assert valid(alone, "compare")["verdict"] is None

    latest = command(*load, "--baseline", "latest")
    assert latest.returncode in {0, 4}, latest.stdout + latest.stderr
    expected = newest["id"] if newest["validity"] == "VALID" else run["id"]
    assert command.runs()[0]["baseline"] == expected

    assert command("baseline", "clear", "shop").returncode == 0
    assert valid(command("baseline", "show", "--json").stdout, "baseline") == []


@pytest.mark.parametrize("name", ["demo", "up", "run", "compare", "report", "runs", "baseline", "config"])
def test_help_has_an_example(command, name: str) -> None:
    assert f"example: perf-platform {name}" in command(name, "--help").stdout


HEAVY = ("numpy", "scipy", "locust", "gevent", "jinja2", "msgpack", "prometheus_client")


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["demo", "--help"], ["runs"], ["baseline", "show"], ["config"]],
    ids=" ".join,
)
def test_what_starts_no_load_imports_nothing_heavy(command, arguments: list[str]) -> None:
    program = f"""
import sys
from perf_cli.__main__ import run_command_line
try:
    run_command_line({arguments!r})
except SystemExit:
    pass
print("HEAVY", sorted(set(sys.modules) & set({HEAVY!r})))
"""
    done = command.python("-c", program)

    assert done.stdout.splitlines()[-1] == "HEAVY []", done.stdout + done.stderr


def test_the_reference_workload_is_found_without_importing_locust(command) -> None:
    program = """
import sys
from perf_cli.stack import reference_workload
print("class Shopper" in reference_workload().read_text(), {"locust", "gevent"} & set(sys.modules))
"""
    done = command.python("-c", program)

    assert done.stdout.split() == ["True", "set()"], done.stdout + done.stderr
