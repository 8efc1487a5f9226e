"""Write docs/metrics.md from the code: every metric of the exporter and of the service, and every recorded one."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric as Family

from perf_api.app import create_app
from perf_api.metrics.registry import Metrics
from perf_api.settings import Settings
from perf_exporter import catalogue, compat

ROOT = Path(__file__).parents[1]
RULES = ROOT / "charts" / "perf-platform" / "rules" / "perf-platform.rules.yaml"
PAGE = ROOT / "docs" / "metrics.md"
HEAD = """# Metrics

Made from the code by `python tools/metrics_table.py`; a test keeps it so. Units are seconds, bytes and ratios.
Prometheus adds `job` and `instance`, and on Kubernetes `namespace` and `pod`.

Counters of the exporter count from the start of the Locust master, over all its runs. The series of a finished run
stay five minutes (`--keep`), then they end; a later run goes on from their value. `locust_run_info` lives as long as
they do, so a panel about one run multiplies by it:

    rate(locust_requests_total[1m])
      * on (namespace, job, instance) group_left (run_id) locust_run_info{run_id="..."}

An endpoint above the cap (`--max-endpoints`, 500) is counted under the name `other`, and `locust_series_folded_total`
says how many requests that were. A value of exactly a bucket's upper edge is counted in the next bucket.
A plain Locust without the plugin has no distribution: its histograms have one bucket, `+Inf`, with exact sum and
count.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of the table."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


def exporter_lines() -> list[Line]:
    """Return what the exporter serves of a master."""
    return [Line(each.name, each.kind, each.labels, each.help) for each in catalogue.METRICS]


def compat_lines() -> list[Line]:
    """Return what `--compat` adds."""
    return [Line(each.name, each.kind, each.labels, each.help) for each in compat.METRICS]


def service_lines() -> list[Line]:
    """Return what the reference service serves, its process apart."""
    metrics = Metrics()
    create_app(Settings(database="sqlite:///:memory:"), metrics)
    collectors = list(metrics.registry._collector_to_names)  # noqa: SLF001  the library has no public way to list them
    lines = (line for collector in collectors for line in _lines_of(collector))
    return [line for line in lines if not line.name.startswith(("process_", "python_"))]


def process_lines() -> list[Line]:
    """Return what both serve of their own process."""
    collectors = (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR)
    return [_line(family) for collector in collectors for family in collector.collect()]


def recorded() -> dict[str, str]:
    """Return every recorded metric and its query on one line."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "record" in rule]
    return {rule["record"]: re.sub(r"\s+", " ", rule["expr"]).strip() for rule in rules}


def page() -> str:
    """Return the whole page."""
    service = '`job="api"`, on the service\'s own metrics port.'
    old = "With `--compat`, for dashboards made for ContainerSolutions/locust_exporter; times in milliseconds."
    parts = [
        HEAD,
        _section("Exporter", '`job="exporter"`.', exporter_lines()),
        _section("Reference service", service, service_lines()),
        _section("Process", "Of both, for themselves.", process_lines()),
        _section("Old names", old, compat_lines()),
        "## Recorded\n\nBy `charts/perf-platform/rules/perf-platform.rules.yaml`.\n\n| name | query |\n|---|---|\n"
        + "".join(f"| `{name}` | `{_cell(query)}` |\n" for name, query in recorded().items()),
    ]
    return "\n".join(parts)


def _lines_of(collector: object) -> Iterator[Line]:
    if isinstance(collector, MetricWrapperBase):
        family = next(iter(collector.describe()))
        yield _line(family, collector._labelnames)  # noqa: SLF001  not public either
        return
    describe = getattr(collector, "describe", None) or collector.collect  # type: ignore[attr-defined]
    yield from (_line(family) for family in describe())


def _line(family: Family, labels: Iterable[str] | None = None) -> Line:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    if labels is None:
        labels = getattr(family, "_labelnames", None) or {key: 0 for each in family.samples for key in each.labels}
    return Line(name, family.type, tuple(labels), family.documentation)


def _section(title: str, sentence: str, lines: list[Line]) -> str:
    rows = "".join(
        f"| `{line.name}` | {line.kind} | {' '.join(f'`{each}`' for each in line.labels)} | {_cell(line.help)} |\n"
        for line in lines
    )
    return f"## {title}\n\n{sentence}\n\n| name | type | labels | meaning |\n|---|---|---|---|\n{rows}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
