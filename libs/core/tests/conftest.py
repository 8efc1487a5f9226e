"""Recordings and comparisons made by hand, for the tests of reports and mail."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from perf_core.compare.comparison import (
    EndpointComparison,
    EndpointFigures,
    KsPanel,
    QuantileShift,
    RunComparison,
    RunReference,
)
from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import bucket_indexes
from perf_core.model.run import RunEvent, RunInfo
from perf_core.model.series import EndpointSeries, ErrorCount, GaugeSeries, OutcomeSeries, Recording
from perf_core.model.verdict import Reason, RunState, Validity, Verdict
from perf_core.ports import free_port

CHROMIUM = Path("/usr/bin/chromium")
# In continuous integration the tests must run, and fail where there is no browser.
collect_ignore = [] if CHROMIUM.exists() or os.environ.get("CI") == "true" else ["test_report_browser.py"]
START = 1_790_000_000
SECONDS = 60


def pytest_report_header() -> str:
    return "browser: " + (
        str(CHROMIUM) if CHROMIUM.exists() else "none, the report is not looked at; apt install chromium"
    )


def outcome_series(latencies_per_second: list[np.ndarray]) -> OutcomeSeries:
    rows = [(START + at, each) for at, each in enumerate(latencies_per_second) if each.size]
    cells = [(second, *np.unique(bucket_indexes(each), return_counts=True)) for second, each in rows]
    if not rows:
        return OutcomeSeries.empty()
    return OutcomeSeries(
        seconds=np.array([second for second, _ in rows]),
        counts=np.array([each.size for _, each in rows]),
        sums=np.array([each.sum() for _, each in rows]),
        minima=np.array([each.min() for _, each in rows]),
        maxima=np.array([each.max() for _, each in rows]),
        bytes=np.array([each.size * 100 for _, each in rows]),
        cell_seconds=np.concatenate([np.full(len(buckets), second) for second, buckets, _ in cells]),
        cell_buckets=np.concatenate([buckets for _, buckets, _ in cells]),
        cell_counts=np.concatenate([counts for _, _, counts in cells]),
    )


@pytest.fixture
def make_recording() -> Callable[..., Recording]:
    def make(
        run_id: str = "20260921-101500-ab12",
        names: tuple[str, ...] = ("/items", "/report"),
        factors: dict[str, float] | None = None,
        errors: dict[str, tuple[ErrorCount, ...]] | None = None,
        **info: object,
    ) -> Recording:
        draw = np.random.default_rng(7)
        endpoints = {}
        for at, name in enumerate(names):
            median = 0.02 * (1 + at % 7) * (factors or {}).get(name, 1.0)
            ok = [median * draw.lognormal(0.0, 0.4, 40) for _ in range(SECONDS)]
            failed = [median * draw.lognormal(0.0, 0.4, 1) for _ in range(SECONDS // 10)]
            key = EndpointKey("GET", name)
            told = (errors or {}).get(name, (ErrorCount("http_503", "503 Service Unavailable", SECONDS // 10),))
            endpoints[key] = EndpointSeries(key, outcome_series(ok), outcome_series(failed), told)
        times = np.arange(START, START + SECONDS, dtype=float)
        facts = RunInfo(
            id=run_id,
            scenario="checkout",
            target="http://127.0.0.1:8000",
            state=RunState.FINISHED,
            started=float(START),
            ended=float(START + SECONDS),
            ramp_up=2.0,
            users=20,
            spawn_rate=10.0,
            run_time=float(SECONDS),
            workers=2,
            requests=sum(each.requests for each in endpoints.values()),
            failures=sum(each.failures for each in endpoints.values()),
            labels={"commit": "0c62dcf", "branch": "main"},
            events=(
                RunEvent(START + 20.0, "pacing_changed", "pacing 1 s -> 0.5 s"),
                RunEvent(START + 41.0, "worker_lost", "worker-2 lost"),
            ),
        )
        gauges = (
            GaugeSeries("users", "", times, np.minimum(np.arange(SECONDS) * 10.0, 20.0)),
            GaugeSeries("worker_cpu_ratio", "worker-1", times, 0.4 + 0.1 * np.sin(times / 5)),
            GaugeSeries("worker_cpu_ratio", "worker-2", times, 0.5 + 0.1 * np.sin(times / 7)),
        )
        return Recording(replace(facts, **info), endpoints, gauges)

    return make


def figures(recording: Recording | None, key: EndpointKey) -> EndpointFigures | None:
    if recording is None or key not in recording.endpoints:
        return None
    series = recording.endpoints[key]
    histogram = series.ok.histogram(START + 2)
    p50, p95, p99 = (histogram.quantile(q) for q in (0.5, 0.95, 0.99))
    rate = series.requests / SECONDS
    return EndpointFigures(series.requests, series.failures, rate, histogram.mean, p50, p95, p99, histogram.maximum)


def endpoint_comparison(key: EndpointKey, baseline: Recording | None, current: Recording) -> EndpointComparison:
    before, after = figures(baseline, key), figures(current, key)
    if before is None or after is None:
        missing = () if baseline is None else (Reason.MISSING,)
        return EndpointComparison(key, None, missing, "", before, after)
    ratios = {q: b / a for q, a, b in zip((0.5, 0.95, 0.99), _three(before), _three(after), strict=True)}
    slower = ratios[0.95] > 1.15
    shifts = tuple(
        QuantileShift(q, 0.0, 0.0, r, r * 0.95, r * 1.05, 0.0004 if slower else 0.7, slower, 0.08)
        for q, r in ratios.items()
    )
    ks = KsPanel(0.262, 0.263, 0.0512, 0.71, 0.45, 1e-30, 0.0002 if slower else 0.6, 812.0, shape_changed=False)
    verdict = Verdict.REGRESSED if slower else Verdict.UNCHANGED
    reasons = (Reason.LATENCY,) if slower else ()
    sentence = "p95 went from 39 ms to 51 ms" if slower else "no change beyond the limits"
    return EndpointComparison(key, verdict, reasons, sentence, before, after, shifts, ks, 0.61)


def _three(side: EndpointFigures) -> tuple[float, float, float]:
    return side.p50, side.p95, side.p99


def _reference(recording: Recording) -> RunReference:
    info = recording.info
    return RunReference(info.id, info.scenario, info.target, info.started, info.validity)


@pytest.fixture
def make_comparison() -> Callable[..., RunComparison]:
    def make(current: Recording, baseline: Recording | None = None, **changes: object) -> RunComparison:
        endpoints = [endpoint_comparison(key, baseline, current) for key in sorted(current.endpoints)]
        endpoints.sort(key=lambda each: each.verdict is not Verdict.REGRESSED)
        worst = Verdict.REGRESSED if endpoints and endpoints[0].verdict is Verdict.REGRESSED else Verdict.UNCHANGED
        made = RunComparison(
            verdict=None if baseline is None else worst,
            validity=Validity.VALID,
            reasons=(Reason.LATENCY,) if baseline and worst is Verdict.REGRESSED else (),
            explanation="GET /report became slower" if worst is Verdict.REGRESSED else "nothing got slower",
            baseline=None if baseline is None else _reference(baseline),
            current=_reference(current),
            endpoints=tuple(endpoints),
            trimmed_seconds=2.0,
            window_seconds=1.0,
        )
        return replace(made, **changes)

    return make


@pytest.fixture
def judged(
    make_recording: Callable[..., Recording], make_comparison: Callable[..., RunComparison]
) -> tuple[RunComparison, Recording, Recording]:
    """A run whose GET /report is 30 % slower than its baseline's."""
    baseline = make_recording("20260921-100000-aa01")
    current = make_recording("20260921-101500-ab12", factors={"/report": 1.3})
    return make_comparison(current, baseline), current, baseline


@dataclass(frozen=True)
class MailServer:
    port: int
    box: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PERF_SMTP_HOST": "127.0.0.1",
            "PERF_SMTP_PORT": str(self.port),
            "PERF_SMTP_SECURITY": "none",
            "PERF_SMTP_FROM": "perf@example.org",
            "PERF_SMTP_TO": "a@example.org,b@example.org",
            "PERF_SMTP_TIMEOUT": "60",
        }


@pytest.fixture
def moody_server(tmp_path: Path) -> Iterator[Callable[..., MailServer]]:
    """Start SMTP servers, each a process, that go through their moods and then accept."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*moods: str) -> MailServer:
        port = free_port()
        box = tmp_path / "mail"
        program = Path(__file__).with_name("moody_smtp.py")
        started.append(subprocess.Popen([sys.executable, str(program), str(port), str(box), *moods]))
        for _ in range(400):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        return MailServer(port, box)

    yield start
    for process in started:
        process.kill()
        process.wait()
