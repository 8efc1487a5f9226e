"""Every example does what its README says, against the service of one's own that comes with them."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perf_core.ports import free_port

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
README = (EXAMPLES / "README.md").read_text()


@pytest.fixture
def service() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([sys.executable, EXAMPLES / "own_service" / "service.py", "--port", str(port)])
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


def line_of(example: str) -> list[str]:
    """Return the arguments of the command that the README gives for an example, shortened to a few seconds."""
    lines = re.findall(r"perf-platform (run[^`\n]*)", README)
    words = shlex.split(next(line for line in lines if example in line))
    return ["8s" if before == "--run-time" else word for before, word in zip(["", *words], words, strict=False)]


def test_every_example_runs_as_its_readme_says(command, service: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(EXAMPLES)
    here = command.environment(STEP_SECONDS="1.5", PERF_RUNS_DIR=str(tmp_path / "runs"))
    lines = {
        "ordinary": (line_of("ordinary.py"), tmp_path),
        "shape": (line_of("shape.py"), tmp_path),
        "catalogue": (["run", "--run-time", "8s", "--host", service], EXAMPLES / "thresholds"),
        "locustfile": (line_of("own_service/locustfile.py"), tmp_path),
        "samplers": ([*line_of("samplers/locustfile.py"), "--scenario", "samplers"], tmp_path),
    }
    at_once = [
        subprocess.Popen(
            [sys.executable, "-m", "perf_cli", *(service if "127.0.0.1:8000" in word else word for word in words)],
            cwd=folder,
            env=here,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for words, folder in lines.values()
    ]
    told = [process.communicate(timeout=240)[0] for process in at_once]

    assert [process.returncode for process in at_once] == [0] * 5, "\n".join(told)
    runs = {run["scenario"]: run for run in command.runs()}
    assert set(runs) == set(lines)
    assert not any(run["failures"] for run in runs.values())
    assert {"/items/{id}", "/orders"} <= set(command.endpoints(runs["locustfile"]["id"]))
    assert {"/items/{id}", "/orders"} <= set(command.endpoints(runs["samplers"]["id"]))
    shape = json.loads((tmp_path / "runs" / runs["shape"]["id"] / "run.json").read_text())
    assert shape["ended"] - shape["started"] > 4
    kept = json.loads((tmp_path / "runs" / runs["catalogue"]["id"] / "run.json").read_text())
    assert set(kept["thresholds"]) >= {"thresholds.items", "thresholds.drift"}
    assert kept["labels"]["team"] == "shop"


def test_what_the_readme_names_is_there() -> None:
    named = set(re.findall(r"^\| `([\w./]+)` \|", README, re.MULTILINE))
    there = {path.name + "/" * path.is_dir() for path in EXAMPLES.iterdir() if path.name != "README.md"}

    assert {"ordinary.py", "shape.py", "samplers/", "thresholds/", "own_service/"} <= named <= there
