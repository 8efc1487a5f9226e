"""The clusters that the platform is brought to: how each is started, and how images get there."""

import os
from dataclasses import dataclass

from commands import StepError, ask, run, say

VALUES = "charts/perf-platform/ci"


@dataclass(frozen=True, slots=True)
class Kind:
    """A cluster of kind, made when it is not there."""

    name: str = "perf-platform"
    context: str = "kind-perf-platform"
    values: str = f"{VALUES}/kind-values.yaml"

    def start(self) -> None:
        """Make the cluster unless it is there."""
        if self.name in ask("kind", "get", "clusters").split():
            say(f"  it is there: {self.name}")
        else:
            run("kind", "create", "cluster", "--name", self.name, "--wait", "120s")

    def load(self, images: list[str]) -> None:
        """Bring images from docker to the node."""
        run("kind", "load", "docker-image", *images, "--name", self.name)


@dataclass(frozen=True, slots=True)
class Minikube:
    """The cluster of minikube, started when it is not."""

    context: str = "minikube"
    values: str = f"{VALUES}/minikube-values.yaml"

    def start(self) -> None:
        """Make or start the cluster; minikube leaves a running one alone."""
        run("minikube", "start", "--profile", self.context, "--cpus", "2", "--memory", "6g")

    def load(self, images: list[str]) -> None:
        """Bring images from docker to the node."""
        run("minikube", "--profile", self.context, "image", "load", *images)


@dataclass(frozen=True, slots=True)
class Current:
    """The cluster that kubectl points at."""

    context: str
    values: str = f"{VALUES}/kind-values.yaml"

    def start(self) -> None:
        """Refuse what cannot work.

        Raises:
            StepError: there is no cluster, or no way to bring images there.
        """
        if not self.context:
            raise StepError("kubectl points at no cluster; choose one: kubectl config use-context NAME")
        if not os.environ.get("IMAGE_BUILD"):
            raise StepError(
                "images get to this cluster with a command of yours: set IMAGE_BUILD to it; "
                "it is called with IMAGE CONTEXT -f DOCKERFILE, and builds and loads or pushes"
            )
        say(f"  it is {self.context}")

    def load(self, images: list[str]) -> None:
        """Do nothing: the builder loads."""


Place = Kind | Minikube | Current


def place_of(word: str) -> Place:
    """Return the cluster of a word of the command line."""
    if word == "current":
        return Current(ask("kubectl", "config", "current-context"))
    return Kind() if word == "kind" else Minikube()
