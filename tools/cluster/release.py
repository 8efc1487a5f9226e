"""What is installed with Helm: kube-prometheus-stack, then the platform, until everything is ready."""

import shlex
import time
from dataclasses import dataclass

from commands import StepError, ask, ask_json, run, say
from images import IMAGES
from places import Place

CHART = "charts/perf-platform"
STACK = "kube-prometheus-stack"
STACK_REPOSITORY = "https://prometheus-community.github.io/helm-charts"
STACK_VALUES = (
    "grafana.sidecar.dashboards.searchNamespace=ALL",
    "grafana.sidecar.dashboards.folderAnnotation=grafana_folder",
    "grafana.sidecar.dashboards.provider.foldersFromFilesStructure=true",
)
MONITORING = "monitoring"
"""Namespace and release of the stack: the chart's ServiceMonitors carry `release: monitoring`."""
CRD = "customresourcedefinition/servicemonitors.monitoring.coreos.com"
PATIENCE = 600
"""Seconds for everything to become ready; the first time images are pulled."""


@dataclass(frozen=True, slots=True)
class Release:
    """Where the chart is installed, and with what."""

    place: Place
    name: str
    namespace: str
    values: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    def helm(self, *words: str) -> list[str]:
        """Return a command of Helm; the cluster is always named."""
        return ["helm", "--kube-context", self.place.context, *words]

    def kubectl(self, *words: str) -> list[str]:
        """Return a command of kubectl; the cluster is always named."""
        return ["kubectl", "--context", self.place.context, *words]

    def here(self, *words: str) -> list[str]:
        """Return a command of kubectl in the release's namespace."""
        return self.kubectl("--namespace", self.namespace, *words)


def install_monitoring(release: Release) -> None:
    """Install kube-prometheus-stack, unless an operator is there that is not its."""
    ours = ask(*release.helm("list", "--namespace", MONITORING, "--all", "--short")).split()
    if MONITORING not in ours and ask(*release.kubectl("get", CRD, "--output", "name")):
        say(f"  a Prometheus Operator is there: {STACK} is not installed")
        return
    settings = _each("--set", STACK_VALUES)
    run(*release.helm("upgrade", "--install", MONITORING, STACK, "--repo", STACK_REPOSITORY),
        "--namespace", MONITORING, "--create-namespace", *settings, *_waiting())  # fmt: skip


def install_platform(release: Release, tag: str) -> None:
    """Install or upgrade the chart, and wait until every pod is ready."""
    values = _each("--values", (release.place.values, *release.values))
    settings = _each("--set", (*(f"{part}.image.tag={tag}" for part in IMAGES), *release.settings))
    run(*release.helm("upgrade", "--install", release.name, CHART, "--namespace", release.namespace),
        "--create-namespace", *values, *settings, *_waiting(), "--hide-notes")  # fmt: skip


def check_functional(release: Release) -> None:
    """Wait for the functional tests of this installation.

    Raises:
        StepError: they did not pass.
    """
    chosen = f"app.kubernetes.io/instance={release.name},app.kubernetes.io/component=functional-tests"
    listed = ask(*release.here("get", "jobs", "--selector", chosen, "--sort-by", ".metadata.creationTimestamp"),
                 "--output", "name").split()  # fmt: skip
    if not listed:
        say("  they are switched off")
        return
    log = release.here("logs", listed[-1])
    passed = _wait_for_job(release, listed[-1])
    said = ask(*log)
    if not passed:
        raise StepError(f"{said}\nthe functional tests did not pass; their log again: {shlex.join(log)}")
    say(f"  {next((line for line in reversed(said.splitlines()) if ' passed' in line), said).strip('= ')}")


def _wait_for_job(release: Release, job: str) -> bool:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        conditions = ask_json(*release.here("get", job)).get("status", {}).get("conditions", [])
        ended = {each["type"] for each in conditions if each["status"] == "True"}
        if ended & {"Complete", "Failed"}:
            return "Complete" in ended
        time.sleep(1)
    return False


def _each(option: str, values: tuple[str, ...]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _waiting() -> list[str]:
    return ["--wait", "--timeout", f"{PATIENCE}s"]
