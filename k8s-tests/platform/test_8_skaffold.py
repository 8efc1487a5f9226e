"""Skaffold's loop: a changed Python file is live in the pods without a build; only profile dev lets it."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from kubernetes import client
from namespaces import remove_namespace
from outside import not_tested
from release import ROOT, Release
from waiting import until

NAMESPACE = "perf-skaffold"
COPIED = ("skaffold.yaml", "requirements.lock", "pyproject.toml", "libs", "services", "k8s-tests", "charts")
COMPONENTS = ("api", "master", "worker", "exporter")
PATIENCE = 600.0
"""Seconds for four builds and a deployment."""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the clone, to be changed."""
    folder = tmp_path_factory.mktemp("clone")
    left_out = shutil.ignore_patterns(".venv", "__pycache__", "*.egg-info", ".*_cache")
    for name in COPIED:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=left_out)
        else:
            shutil.copy2(path, folder / name)
    return folder


@pytest.fixture(scope="module")
def namespace(core: client.CoreV1Api) -> Iterator[str]:
    """A namespace for Skaffold; it makes it itself."""
    remove_namespace(core, NAMESPACE)
    yield NAMESPACE
    remove_namespace(core, NAMESPACE)


@pytest.fixture(scope="module")
def made(core: client.CoreV1Api, namespace: str) -> Iterator[Release]:
    """The release of skaffold.yaml, looked at, not installed, by us."""
    found = Release(core, namespace, "perf", ())
    yield found
    found.close()


class Skaffold:
    """A command of Skaffold on the copy; its output goes to a file."""

    PROGRAM = "skaffold"

    def __init__(self, sources: Path, namespace: str, *words: str) -> None:
        """Start it, with the profiles of a cluster that is fed through a registry."""
        self._log = sources.parent / f"{sources.name}-{words[0]}.log"
        profiles = "ci,ferretdb" if "ferretdb" in os.environ.get("PERF_TEST_VALUES", "") else "ci"
        registry = os.environ.get("PERF_TEST_REGISTRY", "localhost:5000")
        options = (
            f"--profile={profiles}",
            f"--namespace={namespace}",
            f"--default-repo={registry}",
            f"--insecure-registry={registry}",
            f"--cache-file={sources.parent / 'skaffold.cache'}",
        )
        with self._log.open("w") as output:
            self.process = subprocess.Popen(
                (self.PROGRAM, *words, *options),
                cwd=sources,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "SKAFFOLD_INTERACTIVE": "false", "SKAFFOLD_UPDATE_CHECK": "false"},
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def says(self, pattern: str) -> re.Match[str]:
        """Wait until it says something; fails when it ends before."""

        def said() -> re.Match[str] | None:
            found = re.search(pattern, self.said)
            assert found or self.process.poll() is None, f"skaffold ended: {self.said[-3000:]}"
            return found

        try:
            return until(said, f"skaffold to say {pattern}", PATIENCE)
        except AssertionError as cause:
            raise AssertionError(f"{cause}\n{self.said[-3000:]}") from cause

    def ends(self) -> str:
        """Wait until it ends well; return what it said."""
        code = self.process.wait(PATIENCE)
        assert code == 0, f"skaffold ended with {code}: {self.said[-3000:]}"
        return self.said

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def start(sources: Path, namespace: str) -> Iterator[Callable[..., Skaffold]]:
    """Start a command of Skaffold; those that are left are ended."""
    if shutil.which("skaffold") is None or not os.environ.get("IMAGE_BUILD"):
        not_tested("skaffold.yaml - needs skaffold (https://skaffold.dev) and a builder in $IMAGE_BUILD")
    started: list[Skaffold] = []

    def begin(*words: str) -> Skaffold:
        started.append(Skaffold(sources, namespace, *words))
        return started[-1]

    yield begin
    for each in started:
        each.stop()
        each.process.wait(PATIENCE)


def writable(release: Release, component: str) -> bool:
    """Say whether the program's packages can be written to in a pod."""
    said = release.kubectl(
        "exec", f"deploy/{release.component(component)}", "--", "touch", "/sources/x.txt", ok=False
    )
    return not said


def identity_of(release: Release) -> Mapping[str, tuple[str, int]]:
    """Return the ready pods by name, with component and restarts."""
    return {
        pod.metadata.name: (component, pod.status.container_statuses[0].restart_count)
        for component in COMPONENTS
        for pod in release.ready(component)
    }


def all_ready(release: Release) -> bool:
    """Say whether every component has a ready pod."""
    return all(release.ready(component) for component in COMPONENTS)


def test_skaffold_run_deploys_what_cannot_be_changed(start, made: Release, saw) -> None:
    start("run").ends()

    until(lambda: all_ready(made), "all pods")
    status = made.functional_tests_ended()
    saw(f"pods {sorted(identity_of(made))}, functional tests {status}")
    assert "Complete" in status, made.kubectl("logs", f"job/{made.component('functional-tests-1')}")
    assert not any(writable(made, component) for component in COMPONENTS)


def test_skaffold_dev_brings_a_changed_file_into_the_pods_without_a_build(
    start, sources: Path, made: Release, saw
) -> None:
    loop = start("dev")
    api = loop.says(r"service/perf-perf-platform-api in namespace \S+, remote port 8000 -> (http://\S+)")[1]
    loop.says("Watching for changes")
    until(lambda: all_ready(made), "all pods")
    assert all(writable(made, component) for component in COMPONENTS)
    before, built = identity_of(made), loop.said.count("Building [")

    path = sources / "services/api/src/perf_api/app.py"
    path.write_text(path.read_text().replace("perf-platform reference service", "changed by a developer"))
    until(lambda: httpx.get(f"{api}/openapi.json", timeout=5).json()["info"]["title"] == "changed by a developer",
          "the change in the API", 60)  # fmt: skip

    path = sources / "libs/core/src/perf_core/__init__.py"
    path.write_text(path.read_text() + "\n# changed\n")
    for component in ("master", "worker", "exporter"):
        deployment = f"deploy/{made.component(component)}"
        until(lambda name=deployment: "reload: perf_core/__init__.py changed" in made.kubectl("logs", name),
              f"the change in {component}", 60)  # fmt: skip

    run_id = made.start_run(4, 6)
    facts = made.finished(run_id)
    saw(f"the API answers with the change; a run after it: {facts['state']}, {facts['requests']} requests")
    assert facts["requests"] > 0
    assert loop.said.count("Building [") == built
    assert identity_of(made) == before

    loop.stop()
    loop.ends()
    until(lambda: not any(made.pods(component) for component in COMPONENTS), "the release to go")
