"""`make functional` against a whole local platform, as from a laptop: the suite passes, and says what is wrong."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PERF_", "LOCUST_", "MAKE"))}
    return {**kept, **more}


def _functional(*variables: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "functional", *variables],
        cwd=ROOT,
        env=_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[dict[str, str]]:
    out = tmp_path / "out"
    with out.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "perf_cli", "up", "--workers", "1"],
            cwd=tmp_path,
            env=_environment(),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    deadline = time.monotonic() + 120
    while "Ctrl-C" not in out.read_text():
        assert process.poll() is None, out.read_text()
        assert time.monotonic() < deadline, out.read_text()
        time.sleep(0.2)
    yield dict(re.findall(r"^([A-Z][\w ]+?)  (http\S+)$", out.read_text(), re.MULTILINE))
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def test_the_suite_passes_on_a_healthy_platform_and_its_outcome_is_a_metric(stack: dict[str, str]) -> None:
    exporter = stack["Exporter"].removesuffix("/metrics")

    done = _functional(
        f"URL={stack['API docs'].removesuffix('/docs')}",
        f"METRICS_URL={stack['API metrics']}",
        f"EXPORTER_URL={exporter}",
        f"MASTER_URL={stack['Locust UI']}",
        PERF_MASTER_TOKEN="loopback",
    )

    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed, 1 skipped", done.stdout)  # nobody named a Prometheus
    assert passed, done.stdout
    assert int(passed[1]) >= 25
    assert "the master keeps the JUnit file" in done.stdout
    with urllib.request.urlopen(f"{exporter}/metrics") as answer:
        assert f'perf_functional_tests{{outcome="passed"}} {passed[1]}.0' in answer.read().decode()


def test_a_service_that_is_not_there_is_named_with_the_last_answer() -> None:
    done = _functional("URL=http://127.0.0.1:9", PERF_TEST_WAIT="1")

    assert done.returncode != 0
    assert "http://127.0.0.1:9/health/ready did not become ready; the last answer was: ConnectError" in done.stdout


def test_without_an_address_it_says_how_to_give_one() -> None:
    done = _functional()

    assert done.returncode != 0
    assert "make functional URL=http" in done.stdout + done.stderr
