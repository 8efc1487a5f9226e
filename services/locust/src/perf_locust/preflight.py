"""What is checked before the first user starts: the run folder, the baseline, the target."""

import shutil
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import gevent

from perf_core.errors import PerfError, RunStoreError
from perf_core.model.run import RunInfo
from perf_core.runstore import RunStore

MINIMUM_SPACE = 50_000_000
"""Bytes that must be free; an hour with 20 endpoints and 4 workers takes about 20 MB."""
CONNECT_TIMEOUT = 3.0
_PORTS = {"http": 80, "https": 443}


class TargetUnreachableError(PerfError):
    """Raised when nothing accepts a TCP connection at the target: the run would be INVALID."""

    exit_code = 6


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a run will be judged against, and how to say it."""

    baselines: tuple[RunInfo, ...]
    """Runs of one build; empty when there is nothing to compare with."""
    sentence: str


def check(store: RunStore, scenario: str, baseline: str | None, target: str) -> Preflight:
    """Check everything; the order is from the cheapest remedy to the dearest.

    Raises:
        PerfError: the run would be worth nothing; the message names the remedy.
    """
    check_folder(store.root)
    chosen = store.choose_baselines(baseline, scenario)
    for run in chosen:
        store.load(run.id)
    check_target(target)
    if not chosen:
        asked = "as asked" if baseline == "none" else f"none is promoted for scenario '{scenario}'"
        sentence = f"nothing to compare with, {asked}; promote a run with `perf-platform baseline set RUN`"
    else:
        ids = ", ".join(run.id for run in chosen)
        sentence = f"the run will be judged against {ids} of scenario '{chosen[0].scenario}'"
    return Preflight(chosen, sentence)


def check_folder(folder: Path) -> None:
    """Check that runs can be written.

    Raises:
        RunStoreError: the folder is not writable or nearly full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
        free = shutil.disk_usage(folder).free
    except OSError as cause:
        raise RunStoreError(
            f"the run folder {folder} cannot be written ({cause.strerror}); choose another with PERF_RUNS_DIR"
        ) from cause
    if free < MINIMUM_SPACE:
        raise RunStoreError(
            f"the run folder {folder} has {free // 1_000_000} MB free, a run needs {MINIMUM_SPACE // 1_000_000} MB; "
            "free space or choose another with PERF_RUNS_DIR"
        )


def check_target(target: str) -> None:
    """Check that something accepts a TCP connection at the target; a target without a host name is not checked.

    Raises:
        TargetUnreachableError: nothing does.
    """
    parts = urlsplit(target if "//" in target else f"//{target}")
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError as cause:
        raise TargetUnreachableError(
            f"the target {target} has no valid port; write it like http://host:8080"
        ) from cause
    if not parts.hostname or port is None:
        return
    try:
        socket.create_connection((parts.hostname, port), CONNECT_TIMEOUT).close()
    except OSError as cause:
        raise TargetUnreachableError(
            f"the target {target} cannot be reached ({cause}); start the service, correct --host, "
            "or wait with --wait 60s"
        ) from cause


def wait_for_target(target: str, seconds: float) -> None:
    """Wait until the target accepts a TCP connection, at most `seconds`; whether it does, `check` says afterwards."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            check_target(target)
        except TargetUnreachableError:
            gevent.sleep(0.5)
        else:
            return
