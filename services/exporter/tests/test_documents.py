"""The documents about metrics say what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from panels import ROOT

PAGES = sorted((ROOT / "docs").glob("*.md"))
NAME = re.compile(r"`((?:locust|perf|http_server|cache|db|metrics_controller|task_queue)_[a-z_]+)(?:\{[^`]*\})?`")
NO_METRICS = re.compile(r"perf_(?:core|cli|locust|exporter|api)\b.*|locust_(?:minor|version)")


def test_the_table_of_metrics_is_what_the_code_says() -> None:
    code = "import metrics_table, sys; sys.stdout.write(metrics_table.page())"
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "tools", capture_output=True, text=True, check=True
    ).stdout

    assert made == (ROOT / "docs" / "metrics.md").read_text(), "run python tools/metrics_table.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_metric_named_in_a_document_exists(page: Path, known_metrics) -> None:
    modules = {path.stem for folder in ("libs", "services") for path in (ROOT / folder).glob("*/src/**/*.py")}
    named = {name for name in NAME.findall(page.read_text()) if not NO_METRICS.match(name)} - modules

    assert named <= known_metrics, named - known_metrics
