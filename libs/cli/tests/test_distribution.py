"""The wheels of `make dist`, installed beside a user's own locustfile outside of the clone, hold a gate there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCUSTFILE = """
from locust import FastHttpUser, constant, task
from mylib import PATH
class Own(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self): self.client.get(PATH)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fresh virtual environment that got perf-platform from its wheels, and nothing of the clone."""
    folder = tmp_path_factory.mktemp("outside")
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:/usr/bin:/bin")
    assert uv
    wheels = folder / "dist"
    subprocess.run(["make", "-C", ROOT, "dist", f"DIST={wheels}"], check=True, capture_output=True)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    constraints = folder / "constraints.txt"
    constraints.write_text((ROOT / "requirements.lock").read_text())
    install = [uv, "pip", "install", "--quiet", "--python", folder / "venv" / "bin" / "python"]
    subprocess.run([*install, "--find-links", wheels, "-c", constraints, "perf-platform"], check=True, cwd=folder)
    (folder / "shop.py").write_text(LOCUSTFILE)
    (folder / "mylib.py").write_text('PATH = "/own"\n')
    return folder


def _gate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(folder / "venv" / "bin" / "perf-platform"), *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def test_the_installed_command_gates_a_service_of_the_user(installed: Path, server) -> None:
    load = ("--users", "4", "--run-time", "3s", "--workers", "2")

    first = _gate(installed, "run", "-f", "shop.py", "--host", server.url, *load)
    broken = _gate(installed, "run", "-f", "shop.py", "--host", server.url, *load, "--threshold", "p95 < 0.001 ms")
    unreachable = _gate(installed, "run", "-f", "shop.py", "--host", "http://127.0.0.1:9", *load)

    assert first.returncode == 0, first.stdout + first.stderr
    assert broken.returncode == 3, broken.stdout + broken.stderr
    assert unreachable.returncode == 6, unreachable.stdout + unreachable.stderr
    assert server.asked["/own"] > 20
    assert len(list((installed / "runs").glob("*/report.html"))) == 3


def test_the_installed_packages_come_from_the_wheels(installed: Path) -> None:
    where = subprocess.run(
        [installed / "venv/bin/python", "-c", "import perf_core, perf_cli, perf_locust; print(perf_core.__file__)"],
        cwd=installed,
        capture_output=True,
        text=True,
        check=True,
    )

    assert Path(where.stdout.strip()).is_relative_to(installed / "venv")


def test_the_demo_says_what_to_install(installed: Path) -> None:
    done = _gate(installed, "demo", "--seconds", "1")

    assert done.returncode == 5
    assert "pip install 'perf-platform[demo]'" in done.stderr
