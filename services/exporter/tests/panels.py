"""The dashboards as Grafana would ask them: every query of every panel, its variables filled in."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
DASHBOARDS = ROOT / "charts" / "perf-platform" / "dashboards"
RULES = ROOT / "charts" / "perf-platform" / "rules" / "perf-platform.rules.yaml"
VARIABLES = ("datasource", "namespace", "job", "run")
BUILT_IN = {"$__rate_interval": "20s", "$__interval": "5s", "$__range": "10m"}
"""What Grafana makes of them with a minimum step of 5 s, which a panel here always has."""
ELSEWHERE = ("kube_", "container_", "kubelet_", "ALERTS")
"""Metrics of Kubernetes, and of Prometheus when something is wrong: not there on a healthy local stack."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One query: where it stands, and how Grafana sends it."""

    dashboard: str
    panel: str
    expr: str
    instant: bool

    @property
    def filled(self) -> str:
        """The query with every variable on All."""
        text = self.expr
        for name, meant in BUILT_IN.items():
            text = text.replace(name, meant)
        return re.sub(r"\$(namespace|job|run)\b", ".*", text)

    @property
    def elsewhere(self) -> bool:
        """Whether it asks for something only Kubernetes has."""
        return any(name in self.expr for name in ELSEWHERE)


def dashboards() -> dict[str, dict[str, Any]]:
    """Return every dashboard of the chart by its file's name."""
    return {path.name: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels that are pictures."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries() -> list[Asked]:
    """Return every query of every panel."""
    return [
        Asked(name, panel["title"], target["expr"], bool(target["instant"]))
        for name, dashboard in dashboards().items()
        for panel in panels(dashboard)
        for target in panel["targets"]
    ]


def annotation_queries() -> Iterator[Asked]:
    """Yield every query of an annotation."""
    for name, dashboard in dashboards().items():
        for annotation in dashboard["annotations"]["list"]:
            yield Asked(name, annotation["name"], annotation["expr"], instant=False)


def variable_selectors() -> Iterator[str]:
    """Yield the selector of every variable that asks for label values."""
    for dashboard in dashboards().values():
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                found = re.fullmatch(r"label_values\((.+), \w+\)", variable["query"]["query"])
                assert found, variable
                yield re.sub(r"\$\w+", ".*", found[1])
