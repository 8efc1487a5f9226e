"""The chart, rendered by a real Helm without a cluster."""

import copy
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

CHART = Path(__file__).parent.parent
sys.path.append(str(Path(__file__).parent))  # the modules beside the tests
OPERATOR = ("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule")
Manifest = dict[str, Any]


def merged(*layers: Manifest) -> Manifest:
    """Return the layers merged key by key; later ones win."""
    result: Manifest = {}
    for layer in layers:
        for key, value in layer.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


@dataclass
class Release:
    """One rendering."""

    objects: list[Manifest]
    notes: str

    def all(self, kind: str) -> list[Manifest]:
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str, component: str) -> Manifest:
        found = [
            each
            for each in self.all(kind)
            if each["metadata"]["labels"].get("app.kubernetes.io/component") == component
            and "helm.sh/hook" not in each["metadata"].get("annotations", {})
        ]
        assert len(found) == 1, f"{len(found)} objects of kind {kind} for {component}"
        return found[0]

    def pods(self) -> Iterator[tuple[str, Manifest]]:
        """Yield (kind/name, pod template) of everything that makes pods."""
        for each in self.objects:
            spec = each.get("spec", {})
            template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
            if template:
                yield f"{each['kind']}/{each['metadata']['name']}", template


@dataclass
class Chart:
    """The chart in its folder."""

    path: Path = CHART
    values: Manifest = field(default_factory=lambda: yaml.safe_load((CHART / "values.yaml").read_text()))

    def render(
        self,
        values: Manifest | None = None,
        *,
        name: str = "rel",
        apis: tuple[str, ...] = (),
        kubernetes: str = "1.34.0",
        path: Path | None = None,
    ) -> Release:
        options = {"name": name, "namespace": "perf", "api_versions": list(apis), "kube_version": kubernetes}
        with helm_python.Chart.load(path or self.path) as chart:
            # The public render() cannot name the cluster's APIs; the library below it can.
            text = helm_python._native.call_string(
                "helm_render", chart._raw(), json.dumps(values or {}), json.dumps(options)
            )
        files: dict[str, str] = json.loads(text)
        notes = next((body for name, body in files.items() if name.endswith("NOTES.txt")), "")
        documents = [
            document
            for file, body in sorted(files.items())
            if not file.endswith(("NOTES.txt", ".tpl"))
            for document in yaml.load_all(body, yaml.CSafeLoader)
            if document
        ]
        return Release(documents, notes)


@pytest.fixture(scope="session")
def chart() -> Chart:
    return Chart()


@pytest.fixture(scope="session")
def monitored(chart: Chart) -> Release:
    """The release on a cluster with the Prometheus Operator."""
    return chart.render(apis=OPERATOR)
