"""What the chart renders is valid, restricted, and wired to itself."""

import json
import re
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml
from kinds import validate

CHART = Path(__file__).parent.parent
OPERATOR = ("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule")
EXAMPLES = sorted(path.name for path in (CHART / "ci").glob("*-values.yaml"))


def _values(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHART / "ci" / name).read_text()) or {}
    return found


def test_lint_has_nothing_to_say() -> None:
    found = helm_python.lint(str(CHART))

    assert found["total_charts_linted"] == 1
    assert [each for each in found["messages"] if each["severity"] > 1] == found["errors"] == []


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("kubernetes", ["1.29", "1.31", "1.34"])
def test_every_example_renders_objects_that_kubernetes_knows(chart: Any, example: str, kubernetes: str) -> None:
    release = chart.render(_values(example), apis=OPERATOR, kubernetes=f"{kubernetes}.0")

    assert release.objects
    for each in release.objects:
        validate(each, kubernetes)
    assert {"ServiceMonitor", "PrometheusRule"} <= {each["kind"] for each in release.objects}


@pytest.mark.parametrize(
    ("kind", "field"), [("ServiceMonitor", "endpoints"), ("PrometheusRule", "groups"), ("Deployment", "template")]
)
def test_a_wrong_field_would_be_noticed(monitored: Any, kind: str, field: str) -> None:
    manifest = json.loads(json.dumps(monitored.all(kind)[0]))
    manifest["spec"][f"{field}X"] = manifest["spec"].pop(field)

    with pytest.raises(Exception, match=f"{field}X"):
        validate(manifest, "1.34")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_pod_is_admitted_by_the_restricted_profile(chart: Any, example: str) -> None:
    release = chart.render(_values(example), apis=OPERATOR)

    pods = list(release.pods())
    assert pods
    for name, template in pods:
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        pod = spec["securityContext"]
        assert pod["runAsNonRoot"] is True, name
        assert pod["runAsUser"] > 0, name
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert all(set(volume) - {"name"} <= _ADMITTED_VOLUMES for volume in spec.get("volumes", [])), name
        for container in spec["containers"] + spec.get("initContainers", []):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert context["readOnlyRootFilesystem"] is True, name
            assert "hostPort" not in str(container.get("ports")), name
            assert container["resources"]["requests"], name


_ADMITTED_VOLUMES = {"configMap", "csi", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def test_no_image_is_latest(monitored: Any) -> None:
    images = {c["image"] for _, template in monitored.pods() for c in template["spec"]["containers"]}

    assert len(images) == 5
    assert all(re.search(r":[^:/]+$", image) and not image.endswith(":latest") for image in images)


def test_services_and_monitors_reach_exactly_the_pods_they_name(monitored: Any) -> None:
    pods = [template for _, template in monitored.pods()]
    services = monitored.all("Service")

    for service in services:
        chosen = [pod for pod in pods if _selects(service["spec"]["selector"], pod["metadata"]["labels"])]
        assert len(chosen) == 1, service["metadata"]["name"]
        named = {port["name"] for container in chosen[0]["spec"]["containers"] for port in container["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= named
    monitors = monitored.all("ServiceMonitor")
    assert len(monitors) == 2
    for monitor in monitors:
        labels = monitor["spec"]["selector"]["matchLabels"]
        chosen = [each for each in services if _selects(labels, each["metadata"]["labels"])]
        assert len(chosen) == 1, monitor["metadata"]["name"]
        ports = {port["name"] for port in chosen[0]["spec"]["ports"]}
        assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} <= ports
        assert monitor["metadata"]["labels"]["release"] == "monitoring"


def test_deployments_select_their_own_pods_only(monitored: Any) -> None:
    for kind in ("Deployment", "StatefulSet"):
        for owner in monitored.all(kind):
            labels = owner["spec"]["selector"]["matchLabels"]
            chosen = [name for name, pod in monitored.pods() if _selects(labels, pod["metadata"]["labels"])]
            assert chosen == [f"{kind}/{owner['metadata']['name']}"]


def test_only_the_master_mounts_the_runs(monitored: Any) -> None:
    mounting = [
        name
        for name, template in monitored.pods()
        if any("persistentVolumeClaim" in volume for volume in template["spec"].get("volumes", []))
    ]

    assert mounting == ["Deployment/rel-perf-platform-master"]
    volume = monitored.one("Deployment", "master")["spec"]["template"]["spec"]["volumes"][0]
    assert volume["persistentVolumeClaim"]["claimName"] == "rel-perf-platform-runs"
    claim = monitored.one("PersistentVolumeClaim", "runs")
    assert claim["metadata"]["name"] == "rel-perf-platform-runs"
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert monitored.one("Deployment", "master")["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize("keep", [False, True], ids=["goes", "stays"])
def test_the_database_goes_or_stays_together_with_its_password(chart: Any, keep: bool) -> None:
    release = chart.render({"mongodb": {"persistence": {"keep": keep}}})

    policy = release.one("StatefulSet", "mongodb")["spec"]["persistentVolumeClaimRetentionPolicy"]
    annotations = release.one("Secret", "mongodb")["metadata"].get("annotations")
    assert policy == {"whenDeleted": "Retain" if keep else "Delete", "whenScaled": "Retain"}
    assert annotations == ({"helm.sh/resource-policy": "keep"} if keep else None)
    assert ("volume and login of MongoDB" in release.notes) is keep


def test_a_new_chart_version_restarts_no_pod(chart: Any, tmp_path: Path) -> None:
    newer = tmp_path / "perf-platform"
    for path in CHART.rglob("*"):
        if path.is_file() and "tests" not in path.relative_to(CHART).parts[:1]:
            (newer / path.relative_to(CHART)).parent.mkdir(parents=True, exist_ok=True)
            (newer / path.relative_to(CHART)).write_bytes(path.read_bytes())
    text = (newer / "Chart.yaml").read_text()
    (newer / "Chart.yaml").write_text(text.replace("version: 0.1.0", "version: 9.9.9", 1))
    values = {"locust": {"files": {"content": {"locustfile.py": "pass"}}}}

    before = {n: t for n, t in chart.render(values).pods() if n.startswith(("Deployment", "StatefulSet"))}
    after = {n: t for n, t in chart.render(values, path=newer).pods() if n.startswith(("Deployment", "StatefulSet"))}

    assert before == after
    assert "9.9.9" in str(chart.render(values, path=newer).objects)


def test_a_changed_locustfile_restarts_master_and_workers(chart: Any) -> None:
    def templates(text: str) -> dict[str, Any]:
        return dict(chart.render({"locust": {"files": {"content": {"locustfile.py": text}}}}).pods())

    before, after = templates("a = 1"), templates("a = 2")
    changed = {name for name in before if before[name] != after[name]}

    assert changed == {"Deployment/rel-perf-platform-master", "Deployment/rel-perf-platform-worker"}


def test_the_longest_names_fit(chart: Any) -> None:
    release = chart.render(_values("full-values.yaml"), name="r" * 53, apis=OPERATOR)

    for each in release.objects:
        if each["kind"] == "CronJob":
            assert len(each["metadata"]["name"]) <= 52, "the Jobs of a CronJob have its name and 11 characters more"
        assert len(each["metadata"]["name"]) <= 63, each["metadata"]["name"]
        assert all(len(str(value)) <= 63 for value in each["metadata"]["labels"].values())


@pytest.mark.parametrize("start", ["", "r" * 50])
def test_two_releases_live_side_by_side(chart: Any, start: str) -> None:
    one, two = (chart.render(name=start + name, apis=OPERATOR) for name in ("one", "two"))

    names = [{(each["kind"], each["metadata"]["name"]) for each in release.objects} for release in (one, two)]
    assert names[0].isdisjoint(names[1])
    for service in one.all("Service"):
        assert not any(_selects(service["spec"]["selector"], pod["metadata"]["labels"]) for _, pod in two.pods())


def test_dashboards_fit_into_an_annotation(monitored: Any) -> None:
    for each in monitored.all("ConfigMap"):
        assert len(yaml.safe_dump(each)) < 256 * 1024, each["metadata"]["name"]


def _selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()
