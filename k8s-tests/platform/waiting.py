"""Programs that are run, and things that are waited for."""

import subprocess
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import httpx

T = TypeVar("T")
PATIENCE = 240.0
"""Seconds that anything may take on a busy machine; nothing here depends on speed."""


def run(*command: str, ok: bool = True, environment: Mapping[str, str] | None = None) -> str:
    """Run a program and return its output; fails with what it said."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, env=environment, stdin=subprocess.DEVNULL
    )
    assert not ok or done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout if done.returncode == 0 else done.stdout + done.stderr


def until(found: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Wait until something is found; connections that break meanwhile are tried again."""
    deadline, last = time.monotonic() + seconds, ""
    while time.monotonic() < deadline:
        try:
            if answer := found():
                return answer
        except httpx.HTTPError as cause:
            last = f"; the last error was {cause!r}"
        time.sleep(0.25)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}{last}")
