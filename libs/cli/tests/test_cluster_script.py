"""`make kind` and `make minikube`: the commands they give, with programs that only note what they were asked.

kind and minikube cannot run here.
"""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """#!{python} -IS
import json, sys
here, _, name = __file__.rpartition("/")
line = " ".join([name, *sys.argv[1:]])
with open(here + "/asked", "a") as asked:
    asked.write(line + "\\n")
for pattern, answer in json.load(open(here + "/answers.json")).items():
    if pattern in line:
        print(answer["says"])
        sys.exit(answer.get("code", 0))
"""


def service(name: str, component: str, port: int) -> dict[str, object]:
    """Return a Service as kubectl shows it."""
    labels = {"app.kubernetes.io/component": component}
    return {"metadata": {"name": name, "namespace": "perf", "labels": labels}, "spec": {"ports": [{"port": port}]}}


SERVICES = {
    "items": [service("perf-perf-platform-master", "master", 8089), service("perf-perf-platform-api", "api", 8000)]
}
GRAFANA = {"items": [{**service("monitoring-grafana", "", 80)}]}
ANSWERS = {
    "get values": {"says": json.dumps({"web": {"user": "perf", "existingSecret": ""}})},
    "get jobs": {"says": "job.batch/functional-tests-1"},
    "get job.batch": {"says": json.dumps({"status": {"conditions": [{"type": "Complete", "status": "True"}]}})},
    "logs job.batch": {"says": "=== 31 passed in 4.2s ===\nthe master keeps the JUnit file (200)"},
    "get services --namespace perf": {"says": json.dumps(SERVICES)},
    "metadata.name=prometheus-operated": {"says": json.dumps({"items": []})},
    "app.kubernetes.io/name=grafana": {"says": json.dumps(GRAFANA)},
    "get customresourcedefinition": {"says": "", "code": 1},
}


@dataclass
class Machine:
    """A machine with programs that note what they are asked."""

    folder: Path
    answers: dict[str, dict[str, object]] = field(default_factory=lambda: dict(ANSWERS))

    def run(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run the script."""
        (self.folder / "answers.json").write_text(json.dumps(self.answers))
        return subprocess.run(
            [sys.executable, ROOT / "tools" / "cluster", *words],
            env={"PATH": f"{self.folder}:{os.environ['PATH']}", **environment},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def asked(self, *starts: str) -> list[str]:
        """Return what was asked of the programs, in order."""
        lines = (self.folder / "asked").read_text().splitlines() if (self.folder / "asked").exists() else []
        return [line for line in lines if line.startswith(starts or ("",))]


def machine_in(folder: Path) -> Machine:
    """Return a machine with every program."""
    for name in ("kind", "minikube", "docker", "kubectl", "helm"):
        path = folder / name
        path.write_text(PROGRAM.format(python=sys.executable))
        path.chmod(0o755)
    return Machine(folder)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return machine_in(tmp_path)


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, "subprocess.CompletedProcess[str]"]:
    """A machine after `kind`, and what was told."""
    machine = machine_in(tmp_path_factory.mktemp("machine"))
    return machine, machine.run("kind")


@pytest.mark.parametrize(
    ("cluster", "programs"),
    [("kind", ["kind", "docker", "kubectl", "helm"]), ("minikube", ["minikube", "docker", "kubectl", "helm"])],
)
def test_every_program_that_is_missing_is_named_with_how_to_install_it(
    tmp_path: Path, cluster: str, programs: list[str]
) -> None:
    make, python = shutil.which("make"), sys.executable
    assert make

    done = subprocess.run(
        [make, cluster, f"PYTHON={python}"],
        cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode != 0
    assert re.findall(r"^(\w+) is missing; install it: https://\S+", done.stderr, re.MULTILINE) == programs


def test_another_builder_takes_the_place_of_docker(machine: Machine) -> None:
    (machine.folder / "docker").unlink()
    (machine.folder / "build").write_text(PROGRAM.format(python=sys.executable))
    (machine.folder / "build").chmod(0o755)

    done = machine.run("kind", IMAGE_BUILD="build")

    assert done.returncode == 0, done.stderr
    assert len(machine.asked("build perf-platform/")) == 4
    assert machine.asked("kind load", "docker") == []


def test_kind_is_made_once_and_gets_everything(brought: tuple[Machine, "subprocess.CompletedProcess[str]"]) -> None:
    machine, done = brought

    assert done.returncode == 0, done.stderr
    (tag,) = {line.split(":")[1].split()[0] for line in machine.asked("docker build")}
    asked = machine.asked("kind create", "kind load", "docker", "helm --kube-context kind-perf-platform upgrade")
    assert [line.split()[:3] for line in asked[:6]] == [
        ["kind", "create", "cluster"], *[["docker", "build", "-t"]] * 4, ["kind", "load", "docker-image"]
    ]  # fmt: skip
    assert asked[5].count(f":{tag}") == 4
    stack, platform = asked[6:]
    assert "monitoring kube-prometheus-stack --repo https://prometheus-community.github.io/helm-charts" in stack
    assert "perf charts/perf-platform --namespace perf --create-namespace" in platform
    assert "--values charts/perf-platform/ci/kind-values.yaml" in platform
    assert platform.count(f".image.tag={tag}") == 4
    assert all("--wait" in line for line in (stack, platform))
    steps = re.findall(r"^\d/5 (\w+)", done.stdout, re.MULTILINE)
    assert steps == ["cluster", "images", "monitoring", "platform", "functional"]
    assert "  31 passed in 4.2s" in done.stdout.splitlines()


def test_a_cluster_that_is_there_is_used(machine: Machine) -> None:
    machine.answers["get clusters"] = {"says": "other\nperf-platform"}

    machine.run("kind")

    assert machine.asked("kind create") == []


def test_minikube_gets_the_same_with_its_own_values(machine: Machine) -> None:
    done = machine.run("minikube")

    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in machine.asked("minikube")] == [
        ["minikube", "start"], ["minikube", "--profile"]
    ]  # fmt: skip
    assert len(machine.asked("minikube --profile minikube image load perf-platform/api:")) == 1
    assert "ci/minikube-values.yaml" in machine.asked("helm --kube-context minikube upgrade")[-1]


def test_no_command_leaves_the_cluster_to_chance(brought: tuple[Machine, "subprocess.CompletedProcess[str]"]) -> None:
    machine, _ = brought

    for line in machine.asked("kubectl", "helm"):
        assert re.match(r"(kubectl --context|helm --kube-context) kind-perf-platform ", line), line


@pytest.mark.parametrize(
    ("listed", "operator", "installs"),
    [("", "", True), ("", "crd", False), ("monitoring", "crd", True)],
    ids=["nothing there", "another's operator", "ours, perhaps half"],
)
def test_an_operator_that_is_there_is_left_alone(
    machine: Machine, listed: str, operator: str, installs: bool
) -> None:
    machine.answers["list --namespace monitoring"] = {"says": listed}
    machine.answers["get customresourcedefinition"] = {"says": operator}

    done = machine.run("kind")

    assert ("kube-prometheus-stack is not installed" in done.stdout) is not installs
    assert any(" kube-prometheus-stack " in line for line in machine.asked("helm")) is installs


def test_monitoring_can_be_left_out(machine: Machine) -> None:
    done = machine.run("kind", "--no-monitoring")

    assert "left out (--no-monitoring)" in done.stdout
    assert not any("kube-prometheus-stack" in line for line in machine.asked("helm"))


def test_every_address_is_told_with_its_login(brought: tuple[Machine, "subprocess.CompletedProcess[str]"]) -> None:
    told = brought[1].stdout.splitlines()

    inside, shown = "kubectl --context kind-perf-platform --namespace perf", " | base64 -d; echo"
    for line in (
        "Web UI      http://127.0.0.1:8089/   user perf",
        f"  {inside} port-forward service/perf-perf-platform-master 8089:8089",
        f"  password: {inside} get secret perf-perf-platform-web -o jsonpath='{{.data.password}}'" + shown,
        "Service     http://127.0.0.1:8000/docs",
        "Grafana     http://127.0.0.1:3000/   user admin",
        f"  password: {inside} get secret monitoring-grafana -o jsonpath='{{.data.admin-password}}'" + shown,
        "  helm --kube-context kind-perf-platform uninstall perf --namespace perf",
    ):
        assert line in told


def test_a_step_that_fails_ends_it_with_a_sentence(machine: Machine) -> None:
    machine.answers["kind load"] = {"says": "node is full", "code": 1}

    done = machine.run("kind")

    assert done.returncode == 1
    assert "kind load docker-image" in done.stderr.splitlines()[-1]
    assert "run this again" in done.stderr.splitlines()[-1]
    assert machine.asked("helm") == []


def test_functional_tests_that_fail_are_shown(machine: Machine) -> None:
    machine.answers["get job.batch"] = {
        "says": json.dumps({"status": {"conditions": [{"type": "Failed", "status": "True"}]}})
    }

    done = machine.run("kind")

    assert done.returncode == 1
    assert "31 passed in 4.2s" in done.stderr
    assert "kubectl --context kind-perf-platform --namespace perf logs job.batch/functional-tests-1" in done.stderr


def test_another_cluster_needs_a_builder(machine: Machine) -> None:
    machine.answers["current-context"] = {"says": "production"}

    done = machine.run("current")

    assert done.returncode == 1
    assert "set IMAGE_BUILD" in done.stderr
    assert machine.asked("helm") == []


@pytest.fixture
def tag_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], str]:
    monkeypatch.syspath_prepend(str(ROOT / "tools" / "cluster"))
    found: Callable[[Path], str] = runpy.run_path(str(ROOT / "tools" / "cluster" / "images.py"))["tag_of"]
    for name in ("commands", "places"):
        monkeypatch.delitem(sys.modules, name)
    return found


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("libs/core/src/perf_core/a.py", True),
        ("requirements.lock", True),
        ("libs/core/tests/test_a.py", False),
        ("libs/core/src/perf_core/__pycache__/a.pyc", False),
        ("README.md", False),
    ],
)
def test_the_tag_follows_from_what_goes_into_the_images(
    tag_of: Callable[[Path], str], tmp_path: Path, path: str, changes: bool
) -> None:
    (tmp_path / "libs").mkdir()
    (tmp_path / "libs" / "b.py").write_text("b")
    before = tag_of(tmp_path)
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("a")

    assert re.fullmatch(r"src-[0-9a-f]{12}", before)
    assert (tag_of(tmp_path) != before) is changes
