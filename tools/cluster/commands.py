"""Programs of this machine: looked for, run in sight, or asked."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HOW_TO_INSTALL = {
    "docker": "https://docs.docker.com/engine/install (or name another builder in $IMAGE_BUILD)",
    "kind": "https://kind.sigs.k8s.io/docs/user/quick-start",
    "minikube": "https://minikube.sigs.k8s.io/docs/start",
    "kubectl": "https://kubernetes.io/docs/tasks/tools",
    "helm": "https://helm.sh/docs/intro/install (3.14 or newer)",
}


class StepError(Exception):
    """A step failed; the message says which, and what to do."""


def say(text: str) -> None:
    """Tell what is being done."""
    print(text, flush=True)


def check_programs(wanted: list[str]) -> None:
    """Look for every program at once.

    Raises:
        StepError: some are missing.
    """
    missing = [program for program in wanted if shutil.which(program) is None]
    if missing:
        lines = [f"{program} is missing; install it: {HOW_TO_INSTALL[program]}" for program in missing]
        raise StepError("\n".join(lines))


def run(*command: str) -> None:
    """Show a command and run it.

    Raises:
        StepError: it failed.
    """
    say(f"  $ {shlex.join(command)}")
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        shown = shlex.join(command[:4])
        raise StepError(f"{shown} ... ended with {code} and said why above; when that is solved, run this again")


def ask(*command: str) -> str:
    """Return what a command says; nothing when it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def ask_json(*command: str) -> dict[str, Any]:
    """Return the object that a command of Kubernetes shows; empty when it fails."""
    found: dict[str, Any] = json.loads(ask(*command, "--output", "json") or "{}")
    return found
