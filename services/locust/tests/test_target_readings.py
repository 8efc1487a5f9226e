"""What a real Prometheus knows of the target, asked at the end of a run."""

import json
import os
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from perf_core.errors import DamagedRunError, DeliveryError, UsageError
from perf_core.model.run import RunInfo
from perf_core.model.series import GaugeSeries, Recording
from perf_core.ports import free_port
from perf_core.report.target import target_context
from perf_core.runstore.target_file import read_target as read_stored
from perf_core.runstore.target_file import write_target
from perf_locust.target_readings import QUERIES, queries_of, read_target

GET = Path(__file__).parents[3] / "tools" / "prometheus" / "get"
SCRAPE_ITSELF = """
global: {scrape_interval: 1s}
scrape_configs: [{job_name: itself, static_configs: [{targets: ["127.0.0.1:PORT"]}]}]
"""
ONLY_OWN = dict.fromkeys(QUERIES, "")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that has scraped itself for some seconds; skips only where none can be had, and never in CI."""
    found = subprocess.run([GET], capture_output=True, text=True, check=False)
    if found.returncode:
        sentence = f"NOT PROVEN ON A REAL PROMETHEUS: {found.stderr.strip()}"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    folder = tmp_path_factory.mktemp("prometheus")
    port = free_port()
    (folder / "p.yml").write_text(SCRAPE_ITSELF.replace("PORT", str(port)))
    own = [f"--config.file={folder / 'p.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    program = Path(found.stdout.strip().splitlines()[-1]) / "prometheus"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *own, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    query = urllib.parse.quote("count_over_time(up[1m]) > 4")
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/api/v1/query?query={query}") as answer:
                if json.load(answer)["data"]["result"]:
                    break
        except OSError:
            pass
        time.sleep(0.2)
    yield url
    process.kill()
    process.wait()


def last_seconds() -> RunInfo:
    now = time.time()
    return RunInfo("r", "shop", "t", started=now - 20, ended=now)


def test_a_query_is_answered_for_the_time_of_the_run_and_one_that_is_wrong_is_left_out(
    prometheus: str, tmp_path: Path
) -> None:
    own = {"Memory": "process_resident_memory_bytes", "Wrong": "rate(", "Nothing": "no_such_metric"}
    environment = {"PERF_PROMETHEUS_URL": prometheus, "PERF_PROMETHEUS_QUERIES": json.dumps({**ONLY_OWN, **own})}

    (memory,) = read_target(last_seconds(), environment)
    write_target(tmp_path, (memory,))
    (stored,) = read_stored(tmp_path)

    assert memory.name == "Memory"
    assert "job=itself" in memory.source
    assert memory.values.size >= 4
    assert memory.values.min() > 1e6
    np.testing.assert_allclose(stored.values, memory.values)


def test_our_own_queries_are_understood(prometheus: str) -> None:
    assert read_target(last_seconds(), {"PERF_PROMETHEUS_URL": prometheus}) == ()


def test_a_prometheus_that_is_away_is_one_sentence() -> None:
    with pytest.raises(DeliveryError, match="check PERF_PROMETHEUS_URL"):
        read_target(last_seconds(), {"PERF_PROMETHEUS_URL": "http://127.0.0.1:9"})


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '"x"'])
def test_queries_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="PERF_PROMETHEUS_QUERIES"):
        queries_of({"PERF_PROMETHEUS_QUERIES": text})


def test_what_moved_most_is_named_first_and_called_no_proof() -> None:
    seconds = np.arange(100.0, 160.0)
    wobble = np.sin(seconds)

    def reading(name: str, level: float) -> GaugeSeries:
        return GaugeSeries(name, "", seconds, level + 0.01 * level * wobble)

    before = (reading("cpu", 0.4), reading("memory", 1e8), reading("hits", 0.9))
    now = (reading("cpu", 0.5), reading("memory", 1.001e8), reading("hits", 0.3))
    run = RunInfo("r", "shop", "t", started=100.0, ended=160.0)

    context = target_context(now, Recording(run), before, run)

    assert context is not None
    assert [text.split(":")[0] for text in context.moved] == ["hits", "cpu"]
    assert "0.9" in context.moved[0]
    assert [len(chart.lines) for chart in context.charts] == [2, 2, 2]


@pytest.mark.parametrize("text", ["", "{", '{"series": [{"name": "x"}]}', '{"series": 3}', "[]"])
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "target.json").write_text(text)

    with pytest.raises(DamagedRunError, match=r"target\.json cannot be read"):
        read_stored(tmp_path)
