"""The demo as real processes, with short runs: what it prints, how it ends, and that nothing outlives it."""

import json
import re
import shlex
import signal
import subprocess

import psutil
import pytest

from perf_cli.demo_table import ENDPOINT, DemoRuns, wrong_verdicts
from perf_core.compare.comparison import EndpointComparison, RunComparison, RunReference
from perf_core.model.endpoint import EndpointKey
from perf_core.model.verdict import Validity, Verdict


def part(command, words: str) -> psutil.Process:
    """Return the part of the demo with these words in its command line."""
    (found,) = [each for each in command.descendants() if words in " ".join(each.cmdline())]
    return found


def test_a_demo_too_short_for_a_verdict_runs_once_more_and_shows_three_verdicts_and_commands_that_work(
    command,
) -> None:
    process = command.start("demo", "--seconds", "4")
    code = process.wait(280)
    output = command.output()

    for title, seconds in (("1 baseline", 4), ("2 same build", 4), ("3 slower", 4), ("3 slower", 8)):
        assert re.search(rf"^{title} +\w+ +\d+ / {seconds} s ", output, re.MULTILINE), output
    assert "run 2 joins the baseline and the slower build runs once more, twice as long" in output
    rows = re.findall(
        r"^(1 baseline|2 same build|3 slower) +(\w+) +GET /v1/items/\{id\}/delivery-quote .*ms", output, re.MULTILINE
    )
    assert [title for title, _ in rows] == ["1 baseline", "2 same build", "3 slower"]
    assert rows[0][1] == "baseline"
    same_build, once, again = [run["verdict"] for run in reversed(command.runs())][1:]
    assert (same_build, once) == ("INCONCLUSIVE", "INCONCLUSIVE"), "four seconds are too few windows for a verdict"
    assert [verdict for _, verdict in rows[1:]] == [same_build, again]
    wrong = re.findall(r"^perf-platform: .*; try a quieter machine", output, re.MULTILINE)
    assert code == (5 if wrong else 0), output
    assert again == "REGRESSED" or wrong, "eight seconds may do"
    judged = command.folder / "runs" / command.runs()[0]["id"] / "comparison.json"
    assert len(json.loads(judged.read_text())["more_baselines"]) == 1
    assert {run["validity"] for run in command.runs()} <= {"VALID", "SUSPECT"}

    reports = re.findall(r"^  (runs/.*report\.html)$", output, re.MULTILINE)
    assert len(reports) == 3
    assert all((command.folder / each).stat().st_size > 100_000 for each in reports)

    opening, upping, running = output[output.index("\nnext:") :].splitlines()[2:5]
    assert shlex.split(opening)[1] == reports[2]
    for line in (upping, running):
        done = subprocess.run(
            f"{line.strip()} --help", shell=True, cwd=command.folder, capture_output=True, text=True, check=False
        )
        assert "example: perf-platform" in done.stdout, line
    assert command.descendants() == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_a_demo_that_is_ended_leaves_nothing_behind(command, number: int, code: int) -> None:
    process = command.start("demo", "--seconds", "60")
    command.wait_for("1 baseline   running")
    assert len(command.descendants()) >= 5

    process.send_signal(number)

    assert process.wait(60) == code, command.output()
    assert command.descendants() == []
    assert "Traceback" not in command.output()


@pytest.mark.parametrize(
    ("words", "name"),
    [("perf_api serve", "api"), ("perf_locust -f", "master"), ("--worker", "worker-")],
    ids=["service", "master", "worker"],
)
def test_a_part_that_dies_is_named_with_the_last_lines_of_its_log(command, words: str, name: str) -> None:
    process = command.start("demo", "--seconds", "60")
    command.wait_for("1 baseline   running")
    candidates = [each for each in command.descendants() if words in " ".join(each.cmdline())]
    victim = next(each for each in candidates if ("--worker" in each.cmdline()) == (name == "worker-"))

    victim.kill()

    assert process.wait(60) == 5, command.output()
    assert re.search(rf"perf-platform: {name}\w* ended with status -9; its last lines were:\n.+", command.output())
    assert command.descendants() == []


@pytest.mark.parametrize("seconds", ["0", "-3", "soon"])
def test_a_demo_of_no_length_is_wrong_usage(command, seconds: str) -> None:
    done = command("demo", "--seconds", seconds)

    assert done.returncode == 2
    assert "give a number above zero" in done.stderr


def comparison(verdict: Verdict | None, endpoint: Verdict | None = None) -> RunComparison:
    slowed = EndpointComparison(EndpointKey("GET", ENDPOINT), endpoint, (), "", None, None)
    reference = RunReference("r", "reference", "http://x", None, Validity.VALID)
    return RunComparison(verdict, Validity.VALID, (), "", None, reference, (slowed,))


REGRESSED = comparison(Verdict.REGRESSED, Verdict.REGRESSED)


@pytest.mark.parametrize(
    ("same_build", "slower", "wrong"),
    [
        pytest.param(comparison(Verdict.UNCHANGED), REGRESSED, 0, id="right"),
        pytest.param(comparison(Verdict.INCONCLUSIVE), REGRESSED, 0, id="noise is no regression"),
        pytest.param(comparison(Verdict.IMPROVED), REGRESSED, 0, id="improved is no regression"),
        pytest.param(comparison(Verdict.REGRESSED), REGRESSED, 1, id="a false alarm"),
        pytest.param(comparison(None), REGRESSED, 1, id="the same build not judged"),
        pytest.param(comparison(Verdict.UNCHANGED), comparison(Verdict.UNCHANGED), 1, id="the fault not seen"),
        pytest.param(comparison(Verdict.UNCHANGED), comparison(Verdict.INCONCLUSIVE), 1, id="the fault not certain"),
        pytest.param(comparison(Verdict.UNCHANGED), comparison(Verdict.REGRESSED), 1, id="another endpoint named"),
        pytest.param(comparison(Verdict.REGRESSED), comparison(None), 2, id="both wrong"),
    ],
)
def test_only_three_right_verdicts_count(same_build: RunComparison, slower: RunComparison, wrong: int) -> None:
    assert len(wrong_verdicts(DemoRuns(comparison(None), same_build, slower))) == wrong


def test_a_baseline_with_a_verdict_is_wrong() -> None:
    assert wrong_verdicts(DemoRuns(comparison(Verdict.UNCHANGED), comparison(Verdict.UNCHANGED), REGRESSED))
