"""Rules and alerts: read by the real promtool, each alert seen firing and silent, each with its runbook entry."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from panels import ROOT, RULES
from promql_names import metric_names

UNIT_TESTS = Path(__file__).parent / "rules" / "perf-platform.rules.test.yaml"
RUNBOOK = ROOT / "docs" / "runbook.md"


def rules(kind: str) -> list[dict[str, object]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def alerts() -> list[str]:
    return [str(rule["alert"]) for rule in rules("alert")]


def test_promtool_finds_nothing_to_complain_of(promtool: str) -> None:
    done = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", RULES], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_fires_and_is_silent_as_its_unit_tests_say(promtool: str) -> None:
    done = subprocess.run([promtool, "test", "rules", UNIT_TESTS], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_has_a_unit_test_of_both_kinds(alert: str) -> None:
    groups = yaml.safe_load(UNIT_TESTS.read_text())["tests"]
    expected = [
        bool(case["exp_alerts"])
        for group in groups
        for case in group.get("alert_rule_test", ())
        if case["alertname"] == alert
    ]

    assert sorted(expected) == [False, True]


@pytest.mark.parametrize("rule", rules("alert"), ids=alerts())
def test_every_alert_says_how_bad_it_is_and_what_to_do(rule) -> None:
    anchor = rule["annotations"]["runbook_url"].removeprefix("docs/runbook.md#")
    headings = re.findall(r"^## (.+)$", RUNBOOK.read_text(), re.MULTILINE)

    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"].endswith(".")
    assert anchor == rule["alert"].lower()
    assert rule["alert"] in headings


def test_the_runbook_has_no_entry_of_an_alert_that_is_gone() -> None:
    headings = re.findall(r"^## (Perf\w+)$", RUNBOOK.read_text(), re.MULTILINE)

    assert sorted(headings) == sorted(alerts())


@pytest.mark.parametrize(
    "rule", [*rules("record"), *rules("alert")], ids=lambda rule: rule.get("record") or rule["alert"]
)
def test_every_metric_of_a_rule_exists(rule, known_metrics) -> None:
    named = metric_names(rule["expr"])

    assert named
    assert named <= known_metrics, named - known_metrics
