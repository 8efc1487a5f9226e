"""skaffold.yaml against what it names: Dockerfiles, sources, the chart's images and Services (without a Skaffold)."""

import copy
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts" / "perf-platform"
FILE: dict[str, Any] = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
PARTS = {"api": "api", "locust": "locust", "exporter": "exporter", "functionalTests": "functional-tests"}
PROFILES = ("dev", "ci", "minikube", "ferretdb")


def profile(name: str, config: dict[str, Any] = FILE) -> dict[str, Any]:
    """Return the file with a profile's patches applied, as Skaffold does."""
    (chosen,) = [each for each in FILE["profiles"] if each["name"] == name]
    result = copy.deepcopy(config)
    for patch in chosen["patches"]:
        *way, last = patch["path"].strip("/").split("/")
        at: Any = result
        for word in way:
            at = at[int(word) if isinstance(at, list) else word]
        if isinstance(at, list):
            place = len(at) if last == "-" else int(last)
            at[place : place + (patch["op"] != "add")] = [patch["value"]]
        elif patch["op"] == "remove":
            del at[last]
        else:
            assert (last in at) == (patch["op"] == "replace"), patch
            at[last] = patch["value"]
    return result


def test_its_version_and_profiles() -> None:
    assert FILE["apiVersion"] == "skaffold/v4beta13"
    assert {each["name"] for each in FILE["profiles"]} == set(PROFILES)
    activations = {each["name"]: each.get("activation") for each in FILE["profiles"]}
    assert activations == {
        "dev": [{"command": "dev"}], "minikube": [{"kubeContext": "minikube"}], "ci": None, "ferretdb": None
    }  # fmt: skip


def test_its_images_are_those_of_the_chart() -> None:
    built = [artifact["image"] for artifact in FILE["build"]["artifacts"]]

    assert sorted(built) == sorted(VALUES[part]["image"]["repository"] for part in PARTS)
    (release,) = FILE["deploy"]["helm"]["releases"]
    assert release["setValueTemplates"] == {
        f"{part}.image.ref": "{{.IMAGE_FULLY_QUALIFIED_" + re.sub(r"\W", "_", f"perf-platform/{name}") + "}}"
        for part, name in PARTS.items()
    }


def test_docker_and_the_other_builder_build_from_the_same_dockerfiles() -> None:
    for plain, ci in zip(FILE["build"]["artifacts"], profile("ci")["build"]["artifacts"], strict=True):
        dockerfile = plain["docker"]["dockerfile"]
        assert (ROOT / dockerfile).is_file()
        assert plain["context"] == ci["context"] == "."
        assert "docker" not in ci
        assert ci["custom"]["buildCommand"] == f'$IMAGE_BUILD "$IMAGE" "$BUILD_CONTEXT" -f {dockerfile}'


def test_what_a_dockerfile_copies_is_watched_by_the_other_builder() -> None:
    for artifact in profile("ci")["build"]["artifacts"]:
        custom = artifact["custom"]
        text = (ROOT / custom["buildCommand"].split()[-1]).read_text()
        copied = re.findall(r"^COPY (?!--from)(\S+)", text, re.MULTILINE)
        for source in copied:
            assert any(PurePosixPath(source).is_relative_to(path) for path in custom["dependencies"]["paths"]), source
        assert all((ROOT / path).exists() for path in custom["dependencies"]["paths"])


def test_every_python_source_of_an_image_is_synced_where_the_pods_find_it() -> None:
    for artifact in profile("ci")["build"]["artifacts"]:
        rules = artifact.get("sync", {}).get("manual", [])
        if artifact["image"] == "perf-platform/functional-tests":
            assert rules == []
            continue
        watched = [
            path.relative_to(ROOT)
            for folder in artifact["custom"]["dependencies"]["paths"]
            for path in (ROOT / folder).glob("src/**/*.py" if "/" in folder else "*/src/**/*.py")
        ]
        assert len(watched) > 10
        for path in watched:
            (rule,) = [rule for rule in rules if path.match("*.py") and path.is_relative_to(rule["strip"])]
            assert rule["src"] == f"{rule['strip']}/**/*.py"
            assert rule["dest"] == "/sources"
            assert path.relative_to(rule["strip"]).parts[0].startswith("perf_")


def test_only_the_profile_dev_has_sources_that_can_be_changed() -> None:
    for name in PROFILES:
        (release,) = profile(name)["deploy"]["helm"]["releases"]
        assert release.get("setValues") == ({"dev.sources": True} if name == "dev" else None)
    assert VALUES["dev"]["sources"] is False


@pytest.mark.parametrize("name", PROFILES)
def test_the_values_of_a_profile_are_there(name: str) -> None:
    (release,) = profile(name)["deploy"]["helm"]["releases"]
    first = "minikube" if name == "minikube" else "kind"

    assert all((ROOT / file).is_file() for file in release["valuesFiles"])
    assert release["valuesFiles"][0].endswith(f"ci/{first}-values.yaml")


def test_profiles_can_be_laid_over_each_other() -> None:
    both = profile("ferretdb", profile("dev", profile("ci")))

    (release,) = both["deploy"]["helm"]["releases"]
    assert [Path(file).name for file in release["valuesFiles"]] == ["kind-values.yaml", "ferretdb-values.yaml"]
    assert both["build"]["local"] == {"push": True}


def test_its_ports_are_those_of_the_services() -> None:
    forwarded = {each["resourceName"]: (each["port"], each["localPort"]) for each in FILE["portForward"]}

    assert forwarded == {
        "perf-perf-platform-api": (VALUES["api"]["service"]["port"], 8000),
        "perf-perf-platform-master": (VALUES["web"]["service"]["port"], 8089),
        "perf-perf-platform-exporter": (VALUES["exporter"]["port"], 9646),
        "monitoring-grafana": (80, 3000),
    }
