"""The shell steps of docs/ci.md, run as a runner would: in an empty home, with a service to load."""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

DOCUMENT = Path(__file__).parents[3] / "docs" / "ci.md"
LOCUSTFILE = """
from locust import FastHttpUser, constant, task
class Shop(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def page(self): self.client.get("/")
"""
SERVICE = """
import http.server, sys, time
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(0.1)  # what the machine does besides stays below the relevance floors
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page)
print(server.server_address[1], flush=True)
server.serve_forever()
"""
NEEDS_THE_NETWORK = ("pip install", "gh run", "curl ")


def jobs_of(block: str) -> dict[str, list[str]]:
    """Return the shell steps of each job that need no network."""
    document = yaml.safe_load(block)
    found = document.get("jobs") or {name: job for name, job in document.items() if "script" in job}
    steps = {
        name: [step["run"] for step in job["steps"] if "run" in step] if "steps" in job else job["script"]
        for name, job in found.items()
    }
    return {
        name: [step for step in each if not any(word in step for word in NEEDS_THE_NETWORK)]
        for name, each in steps.items()
    }


def documented() -> list[dict[str, list[str]]]:
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return [jobs_of(block) for block in blocks]


def commands(jobs: dict[str, list[str]]) -> set[str]:
    return {
        line for steps in jobs.values() for step in steps for line in step.splitlines() if "summary.md" not in line
    }


def test_both_systems_run_the_same_commands() -> None:
    actions, gitlab = documented()

    assert commands(actions) == commands(gitlab)


def test_the_jobs_gate_a_service(tmp_path: Path) -> None:
    jobs = documented()[0]
    (tmp_path / "locustfile.py").write_text(LOCUSTFILE)
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "home").mkdir()
    served = f"{sys.executable} service.py {{port}}"
    with subprocess.Popen(
        [sys.executable, "service.py", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        environment = {
            "HOME": str(tmp_path / "home"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
            "SERVICE_URL": f"http://127.0.0.1:{int(service.stdout.readline())}",
            "RUN_TIME": "6s",
            "AB_TIME": "42s",
            "BLOCK": "3s",
            "OLD_BUILD": served,
            "NEW_BUILD": served,
            "GITHUB_STEP_SUMMARY": str(tmp_path / "step-summary.md"),
        }
        codes = {
            name: subprocess.run(
                ["bash", "-euo", "pipefail", "-c", "\n".join(steps)], cwd=tmp_path, env=environment, check=False
            ).returncode
            for name, steps in jobs.items()
        }
        service.kill()

    assert list(codes) == ["baseline", "compare", "side-by-side"]
    assert codes["baseline"] == 0
    assert {codes["compare"], codes["side-by-side"]} <= {0, 4}  # too short to judge is what a short test may say
    assert (tmp_path / "baseline.perf").stat().st_size < 100_000
    assert len(list((tmp_path / "runs").glob("*/junit.xml"))) >= 3
