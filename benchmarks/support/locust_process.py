"""The program locust_load.py, pinned to a core, as an object."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).with_name("locust_load.py")


@dataclass(frozen=True, slots=True)
class Told:
    """What the users of a process did in one slice of time."""

    requests: int
    failures: int
    seconds: float
    cpu: float
    times: dict[str, float]


class LocustProcess:
    """Users of one class, who work when they are told to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def work(self, seconds: float) -> Told:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return Told(**json.loads(self._process.stdout.readline()))


@contextmanager
def locust_process(
    name: str, url: str, users: int, wait: float, *switches: str, core: int
) -> Iterator[LocustProcess]:
    """Start users of that class on one core; the runs that they record, if any, go when they do."""
    command = ["taskset", "-c", str(core), sys.executable, PROGRAM, name, url, str(users), str(wait), *switches]
    with (
        tempfile.TemporaryDirectory() as runs,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"PERF_RUNS_DIR": runs},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"{name} does not start: run {' '.join(map(str, command))}")
            yield LocustProcess(process)
        finally:
            process.kill()
