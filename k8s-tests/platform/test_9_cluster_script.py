"""The script behind `make kind` and `make minikube`, on the cluster that is there: only loader and context differ."""

import os
import re
import sys
from collections.abc import Iterator

import pytest
from kubernetes import client
from namespaces import remove_namespace
from outside import not_tested
from release import CHART, ROOT
from waiting import run

NAMESPACE = "perf-script"


@pytest.fixture(scope="module")
def namespace(core: client.CoreV1Api) -> Iterator[str]:
    """A namespace for the script, which makes it itself."""
    remove_namespace(core, NAMESPACE)
    yield NAMESPACE
    remove_namespace(core, NAMESPACE)


def bring(namespace: str) -> str:
    """Run the script and return what it said."""
    extra = [each for each in os.environ.get("PERF_TEST_VALUES", "").split(",") if each]
    values = [word for each in extra for word in ("--values", str(CHART / each))]
    return run(
        sys.executable, str(ROOT / "tools/cluster"), "current", "--release", "perf", "--namespace", namespace, *values
    )


def test_the_script_brings_everything_and_says_how_to_reach_it_and_can_be_repeated(
    namespace: str, core: client.CoreV1Api, saw
) -> None:
    if not os.environ.get("IMAGE_BUILD"):
        not_tested(
            "tools/cluster - needs a builder in $IMAGE_BUILD; make kind and make minikube load images themselves"
        )
    said = bring(namespace)

    saw(next(line.strip() for line in said.splitlines() if " passed" in line))
    assert re.search(r"\d+ passed", said)
    assert "failed" not in said
    for title, port in {"Web UI": 8089, "Service": 8000, "Exporter": 9646}.items():
        assert re.search(rf"^{title} +http://127\.0\.0\.1:{port}/", said, re.MULTILINE), said
    passwords = re.findall(r"password: (.+); echo$", said, re.MULTILINE)
    assert passwords, said
    assert len(run("sh", "-c", passwords[0])) >= 16

    pods = {each.metadata.uid for each in _deployed(core, namespace)}
    again = bring(namespace)
    saw(f"once more: {len(pods)} pods, none of them new")
    assert re.search(r"\d+ passed", again)
    assert {each.metadata.uid for each in _deployed(core, namespace)} == pods


def _deployed(core: client.CoreV1Api, namespace: str) -> list[client.V1Pod]:
    pods = core.list_namespaced_pod(namespace).items
    return [each for each in pods if each.metadata.owner_references[0].kind != "Job"]
