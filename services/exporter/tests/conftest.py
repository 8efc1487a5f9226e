"""A made-up reading for the pure parts, real processes for the rest, and the programs of Prometheus."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from panels import ROOT
from series import Series, parse

from perf_core.errors import PerfError
from perf_core.model.snapshot import Snapshot
from perf_exporter.reading import Reading
from perf_exporter.scrape import Scrape

PROMETHEUS_OWN = {"up", "ALERTS", "scrape_duration_seconds", "scrape_samples_scraped"}
KUBERNETES = {
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "kube_deployment_spec_replicas",
    "kube_pod_container_status_restarts_total",
    "kubelet_volume_stats_capacity_bytes",
    "kubelet_volume_stats_used_bytes",
}
_NAMES = """
import json, metrics_table as table
lines = [*table.exporter_lines(), *table.service_lines(), *table.process_lines(), *table.compat_lines()]
print(json.dumps([[[line.name, line.kind] for line in lines], list(table.recorded())]))
"""


class Told:
    """A source that tells what it was given."""

    def __init__(self, told: Snapshot | PerfError) -> None:
        self.told = told

    def read(self, seconds: float) -> Reading:
        assert seconds > 0
        assert not math.isinf(seconds)
        if isinstance(self.told, PerfError):
            raise self.told
        return Reading(self.told, None, recorded=True)


@pytest.fixture
def scraped():
    def scrape(told: Snapshot | PerfError, keep: float = 300, most: int = 500, *, compat: bool = False) -> Series:
        return parse(Scrape(Told(told), keep=keep, most=most, compat=compat).page(4))

    return scrape


@pytest.fixture(scope="session")
def known_metrics() -> set[str]:
    """Return every metric that exists: of the code, recorded by the rules, of Prometheus and of Kubernetes."""
    done = subprocess.run(
        [sys.executable, "-c", _NAMES], cwd=ROOT / "tools", capture_output=True, text=True, check=True
    )
    lines, recorded = json.loads(done.stdout)
    suffixes = {"histogram": ("", "_bucket", "_sum", "_count")}
    served = {name + suffix for name, kind in lines for suffix in suffixes.get(kind, ("",))}
    return served | set(recorded) | PROMETHEUS_OWN | KUBERNETES


@pytest.fixture(scope="session")
def prometheus_programs() -> Path:
    """Return the folder of prometheus and promtool; skips only where none can be had, and never in CI."""
    found = subprocess.run([ROOT / "tools" / "prometheus" / "get"], capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return Path(found.stdout.strip())
    sentence = f"NOT PROVEN ON A REAL PROMETHEUS: {found.stderr.strip()}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def promtool(prometheus_programs: Path) -> str:
    """Return the program that checks rules."""
    return str(prometheus_programs / "promtool")
