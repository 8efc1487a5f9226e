"""compose.yaml against the compose schema, what it mounts, what its Prometheus scrapes, and the settings it sets.

The schema is that of the Compose Specification (Apache License 2.0) as docker-compose 1.29 ships it.
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((Path(__file__).parent / "compose_spec.json").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SOURCES = "".join(
    path.read_text() for folder in ("libs", "services", "k8s-tests") for path in (ROOT / folder).glob("**/*.py")
)
VOLUMES = [(name, volume) for name, service in SERVICES.items() for volume in service.get("volumes", ())]


@pytest.mark.parametrize("file", ["compose.yaml", "tools/compose/stand-ins.yaml"])
def test_it_is_a_compose_file(file: str) -> None:
    jsonschema.Draft201909Validator(SCHEMA).validate(yaml.safe_load((ROOT / file).read_text()))


def test_it_has_every_part() -> None:
    parts = {"mongo", "seed", "api", "master", "worker", "exporter", "prometheus", "grafana", "functional-tests"}

    assert set(SERVICES) == parts
    assert SERVICES["functional-tests"]["restart"] == "no"
    assert "container_name" not in SERVICES["worker"]  # it can be scaled


def test_what_it_mounts_is_there() -> None:
    for name, volume in VOLUMES:
        source, _, rest = volume.partition(":")
        if source.startswith("."):
            assert (ROOT / source).exists(), f"{name}: {source}"
            assert rest.endswith(":ro"), f"{name} could write into {source}"
        else:
            assert source in COMPOSE["volumes"], f"{name}: {source}"


def test_prometheus_asks_services_at_ports_they_listen_on() -> None:
    scraped = yaml.safe_load((ROOT / "tools/compose/prometheus.yml").read_text())
    targets = [
        each for job in scraped["scrape_configs"] for group in job["static_configs"] for each in group["targets"]
    ]

    assert set(targets) == {"api:9000", "exporter:9646", "localhost:9090"}
    assert SERVICES["api"]["environment"]["PERF_API_METRICS_PORT"] == "9000"
    assert "9646" in SERVICES["exporter"]["command"]
    rules = ROOT / "charts" / "perf-platform" / "rules"
    assert [path.suffix for path in rules.iterdir()] == [".yaml"]
    assert scraped["rule_files"] == ["/etc/prometheus/rules/*.yaml"]


def test_every_variable_is_a_setting_and_every_address_a_service() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if variable.startswith("PERF_"):
                assert re.search(rf"\b{variable}\b", SOURCES) or _is_api_setting(variable), f"{name}: {variable}"
            for host in re.findall(r"(?:http|mongodb)://([\w-]+):", str(value)):
                assert host in {*SERVICES, "127"}, f"{name}: {value}"
    for place in ("datasource", "dashboards"):
        text = (ROOT / "tools" / "compose" / "grafana" / f"{place}.yaml").read_text()
        assert yaml.safe_load(text)["apiVersion"] == 1
    mounts = [volume.split(":")[1] for name, volume in VOLUMES if name == "grafana"]
    provider = yaml.safe_load((ROOT / "tools/compose/grafana/dashboards.yaml").read_text())["providers"][0]
    assert provider["options"]["path"] in mounts


def _is_api_setting(variable: str) -> bool:
    """The service's variables are made from its settings' names."""
    name = variable.removeprefix("PERF_API_").lower()
    settings = (ROOT / "services/api/src/perf_api").glob("**/*.py")
    return any(re.search(rf"\b{name}\b", path.read_text()) for path in settings)


def test_only_this_machine_reaches_it_and_no_secret_has_a_default() -> None:
    for name, service in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|TOKEN", variable):
                assert re.fullmatch(r"\$\{PERF_\w+:\?[^}]+\}", value), f"{name}: {variable}"


def test_the_readme_makes_every_secret_that_is_asked_for() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text()))

    for document in ("README.md", "compose.yaml"):
        assert all(f"{name}={{secrets." in (ROOT / document).read_text() for name in asked), document


def test_images_are_pinned_and_can_be_replaced() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"\$\{\w+_IMAGE:-[\w./-]+:v?\d[\w.-]*\}", service["image"]), name
