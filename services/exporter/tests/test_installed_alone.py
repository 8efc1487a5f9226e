"""The exporter installed as its image installs it, in an environment where nothing else of this project is."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from exporter_process import running_exporter
from made_up import endpoint, snapshot
from odd_masters import odd_master, says
from panels import ROOT
from series import value

GOOD = says("200 OK", snapshot(endpoint("/a", 5)).to_json().encode())
NEEDED = {"perf-core", "perf-exporter", "prometheus-client", "msgpack", "numpy"}


def install(folder: Path) -> tuple[Path, str]:
    """Install with the very command of the Dockerfile; return the environment's programs and uv."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin")
    assert uv
    arguments = re.search(r"uv pip install --no-cache (.+)", (ROOT / "services/exporter/Dockerfile").read_text())
    assert arguments
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *arguments[1].split()], check=True, cwd=ROOT)
    return python.parent, uv


def test_alone_it_starts_by_its_command_and_serves(tmp_path: Path) -> None:
    programs, uv = install(tmp_path)
    listing = [uv, "pip", "list", "--quiet", "--format", "json", "--python", programs / "python"]
    installed = json.loads(subprocess.run(listing, capture_output=True, check=True).stdout)

    assert {package["name"] for package in installed} == NEEDED
    command = (str(programs / "perf-exporter"),)
    with odd_master(GOOD) as master, running_exporter("--master", master, command=command) as exporter:
        page = exporter.page()
        with urllib.request.urlopen(exporter.url.replace("/metrics", "/healthz"), timeout=10) as answer:
            assert answer.read() == b"ok\n"

    assert value(page, "locust_up") == 1
    assert value(page, "locust_requests_total", method="GET", name="/a") == 5
    assert value(page, "locust_request_duration_seconds_count", method="GET", name="/a") == 5
