"""What a person does next: every address with its port-forward and its login."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from commands import ask_json
from release import Release


@dataclass(frozen=True, slots=True)
class Door:
    """A Service of the cluster, as it is reached from this machine."""

    title: str
    namespace: str
    service: str
    port: int
    local: int
    path: str = "/"
    login: str = ""
    secret: str = ""
    """Secret and key with the password, as secret/key."""

    def lines(self, release: Release) -> Iterator[str]:
        """Yield address, port-forward and login."""
        inside = release.kubectl("--namespace", self.namespace)
        user = f"   user {self.login}" if self.login else ""
        yield f"{self.title:<11} http://127.0.0.1:{self.local}{self.path}{user}"
        yield f"  {shlex.join([*inside, 'port-forward', f'service/{self.service}', f'{self.local}:{self.port}'])}"
        if self.secret:
            name, _, key = self.secret.partition("/")
            asked = shlex.join([*inside, "get", "secret", name])
            yield f"  password: {asked} -o jsonpath='{{.data.{key}}}' | base64 -d; echo"


def doors_of(release: Release) -> Iterator[Door]:
    """Yield the doors that are there: those of the release, Prometheus and Grafana."""
    web = ask_json(*release.helm("get", "values", release.name, "--all", "--namespace", release.namespace))["web"]
    chosen = f"app.kubernetes.io/instance={release.name}"
    for service in _services(release, "--namespace", release.namespace, "--selector", chosen):
        component = service["metadata"]["labels"]["app.kubernetes.io/component"]
        if component == "master":
            secret = web["existingSecret"] or service["metadata"]["name"].removesuffix("-master") + "-web"
            yield replace(_door(service, "Web UI", 8089), login=web["user"], secret=f"{secret}/password")
        elif component == "api":
            yield replace(_door(service, "Service", 8000), path="/docs")
        elif component == "exporter":
            yield replace(_door(service, "Exporter", 9646), path="/metrics")
    for service in _services(release, "--all-namespaces", "--field-selector", "metadata.name=prometheus-operated")[
        :1
    ]:
        yield _door(service, "Prometheus", 9090)
    for service in _services(release, "--all-namespaces", "--selector", "app.kubernetes.io/name=grafana")[:1]:
        secret = f"{service['metadata']['name']}/admin-password"
        yield replace(_door(service, "Grafana", 3000), login="admin", secret=secret)


def text_of(release: Release) -> str:
    """Return what is printed at the end."""
    doors = list(doors_of(release))
    lines = [line for door in doors for line in door.lines(release)]
    if not any(door.title == "Grafana" for door in doors):
        lines.append("Grafana     none in this cluster; docs/grafana.md says how the dashboards get into another")
    where = (release.name, "--namespace", release.namespace)
    return "\n".join(
        [
            *lines,
            f"A run, its report, more workers:\n  {shlex.join(release.helm('get', 'notes', *where))}",
            f"All of it away again:\n  {shlex.join(release.helm('uninstall', *where))}",
        ]
    )


def _services(release: Release, *chosen: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask_json(*release.kubectl("get", "services", *chosen)).get("items", [])
    return found


def _door(service: dict[str, Any], title: str, local: int) -> Door:
    about = service["metadata"]
    return Door(title, about["namespace"], about["name"], service["spec"]["ports"][0]["port"], local)
