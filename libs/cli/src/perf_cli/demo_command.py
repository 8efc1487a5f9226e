"""`perf-platform demo`: three runs that show the verdict at work - baseline, same build, one endpoint 30 % slower."""

import argparse
import getpass
import json
import shlex
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from perf_cli.processes import Processes
from perf_cli.progress import Progress
from perf_cli.stack import SCENARIO, Stack, start_stack, wait_until
from perf_core.errors import PerfError
from perf_core.model.verdict import RunState, Verdict
from perf_core.runstore import RunStore
from perf_core.units import format_latency

EXAMPLE = "perf-platform demo --seconds 20"
ROUTE = "/v1/items/{item_id}/delivery-quote"
ENDPOINT = "/v1/items/{id}/delivery-quote"
SLOWDOWN = 1.3
USERS = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """One run of the demo."""

    title: str
    run_id: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each of the three runs (default: 20)")


def run(options: argparse.Namespace) -> int:
    """Make the three runs; 0 only when the three verdicts are right."""
    store, began = RunStore.from_environment(), time.monotonic()
    with Processes() as processes:
        print("starting the service, a Locust master and two workers ...", flush=True)
        stack = start_stack(processes, faults=True)
        first = _one_run(stack, store, "1 baseline", options.seconds, "none")
        store.promote(store.folder(first.run_id).read_info(), getpass.getuser(), force=True)
        second = _one_run(stack, store, "2 same build", options.seconds, first.run_id)
        _set_fault(stack)
        third = _one_run(stack, store, "3 slower", options.seconds, first.run_id)
    right = _show(store, first, second, third)
    print(f"three runs in {time.monotonic() - began:.0f} s")
    _next_commands(store, third)
    if not right:
        print("the verdicts are not the expected ones; run the demo again on a quieter machine or with --seconds 60")
    return 0 if right else 5


def _one_run(stack: Stack, store: RunStore, title: str, seconds: float, baseline: str) -> Shown:
    wait_until(stack.processes, lambda: bool(stack.master.get("/perf/run")["ready"]), "Locust")
    wanted = {"users": USERS, "spawn_rate": USERS, "run_time": seconds, "scenario": SCENARIO, "baseline": baseline}
    run_id = str(stack.master.post("/perf/run/start", wanted)["run_id"])
    progress = Progress(f"{title:<13}")
    deadline = time.monotonic() + seconds + 90
    while store.folder(run_id).read_info().state is RunState.RUNNING:
        stack.processes.check()
        if time.monotonic() > deadline:
            raise PerfError(f"run {run_id} did not end; see the logs in {stack.processes.logs}")
        progress.show(stack.master)
        time.sleep(0.5)
    progress.end()
    return Shown(title, run_id)


def _set_fault(stack: Stack) -> None:
    body = json.dumps({"method": "GET", "route": ROUTE, "slowdown": SLOWDOWN}).encode()
    request = urllib.request.Request(  # noqa: S310  loopback
        f"{stack.api}/admin/faults", body, {"Content-Type": "application/json"}, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        answer.read()


def _show(store: RunStore, first: Shown, second: Shown, third: Shown) -> bool:
    from perf_core.compare.document import read_comparison

    header = f"{'run':<13} {'verdict':<13} {'endpoint':<34} {'p50':>17} {'p95':>17} {'p99':>17} {'D':>6}"
    print("\n" + header)
    right = True
    for shown, wanted in ((first, None), (second, False), (third, True)):
        comparison = read_comparison(store.folder(shown.run_id).path / "comparison.json")
        quote = next(each for each in comparison.endpoints if each.key.name == ENDPOINT)
        verdict = "baseline" if wanted is None else str(comparison.verdict)
        figures = " ".join(f"{_before_after(quote, name):>17}" for name in ("p50", "p95", "p99"))
        distance = f"{quote.ks.distance:.3f}" if quote.ks else "-"
        print(f"{shown.title:<13} {verdict:<13} {quote.key!s:<34} {figures} {distance:>6}")
        if wanted is False:
            right &= comparison.verdict is not Verdict.REGRESSED and comparison.verdict is not None
        if wanted:
            right &= comparison.verdict is Verdict.REGRESSED and quote.verdict is Verdict.REGRESSED
            print(f"\n{comparison.explanation}")
    print("\nreports:")
    for shown in (first, second, third):
        print(f"  {store.folder(shown.run_id).path / 'report.html'}")
    return right


def _before_after(endpoint: object, name: str) -> str:
    sides = [getattr(endpoint, side) for side in ("baseline", "current")]
    return " > ".join(format_latency(getattr(side, name)) for side in sides if side is not None)


def _next_commands(store: RunStore, last: Shown) -> None:
    report = store.folder(last.run_id).path / "report.html"
    command = Path(sys.executable).parent / "perf-platform"
    here = Path.cwd()
    spelt = shlex.quote(str(command.relative_to(here) if command.is_relative_to(here) else command))
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    print("\nnext:")
    print(f"  {opener} {shlex.quote(str(report))}")
    print("  make up" if Path("Makefile").exists() else f"  {spelt} up")
    print(f"  {spelt} run -f locustfile.py --host http://127.0.0.1:8000 --users 10 --run-time 1m --workers 2")
