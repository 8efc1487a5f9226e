"""Runs written into a store without a load, for the tests of commands that only read."""

import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from perf_cli.__main__ import run_command_line
from perf_core.model.frame import Frame, FrameError, FrameKey, FrameRow
from perf_core.model.histogram import Histogram
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.frame_log import write_log

START = 1_790_000_000
SECONDS = 60


def write_run(runs: Path, run_id: str, *, slow: float = 1.0, started: float = START, **facts: object) -> RunFolder:
    """Write a finished run of two endpoints, 20 requests per second each; `slow` multiplies the second's latency."""
    draw = np.random.default_rng(zlib.crc32(run_id.encode()))
    frames = []
    for second in range(SECONDS):
        rows = []
        for name, factor in (("/items", 1.0), ("/report", 3.0 * slow)):
            latencies = draw.lognormal(-4, 0.3, 20) * factor
            histogram = Histogram.from_latencies(latencies)
            span = (histogram.total_time, histogram.minimum, histogram.maximum)
            key = FrameKey("GET", name, "")
            rows.append(FrameRow(key, int(started) + second, 20, *span, 2000, histogram.buckets, histogram.counts))
        failed = Histogram.from_latencies(np.array([0.01]))
        key = FrameKey("GET", "/items", "http_503")
        rows.append(FrameRow(key, int(started) + second, 1, 0.01, 0.01, 0.01, 9, failed.buckets, failed.counts))
        frames.append(Frame("w", second + 1, started + second + 1, tuple(rows), (FrameError(key, "busy", 1),)))
    info = RunInfo(
        run_id,
        "shop",
        "http://127.0.0.1:8000",
        state=RunState.FINISHED,
        started=started,
        ended=started + SECONDS,
        users=5,
        requests=sum(frame.requests for frame in frames),
        failures=SECONDS,
        **facts,  # type: ignore[arg-type]
    )
    folder = RunStore(runs).create(info)
    write_log(folder.frames_log, [encode_frame(frame) for frame in frames])
    return folder


@pytest.fixture
def record() -> Callable[..., RunFolder]:
    return write_run


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    def call(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "perf_cli", *arguments],
            cwd=tmp_path,
            env={"PATH": "", "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


@dataclass(frozen=True, slots=True)
class Done:
    """What a command that ran in this process ended with."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Run commands in this process: ten of them cost less than the start of one."""
    for name in [name for name in os.environ if name.startswith(("PERF_", "LOCUST_", "CI", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, **environment: str) -> Done:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            code = run_command_line(list(arguments))
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call
