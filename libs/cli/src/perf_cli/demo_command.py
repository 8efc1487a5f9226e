"""`perf-platform demo`: three runs that show the verdict at work - baseline, same build, one endpoint 30 % slower."""

import argparse
import contextlib
import getpass
import json
import shlex
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from perf_cli.keys import positive_number
from perf_cli.processes import Processes
from perf_cli.progress import Progress
from perf_cli.stack import SCENARIO, Stack, is_ready, start_stack, wait_until
from perf_core.errors import PerfError
from perf_core.model.verdict import RunState
from perf_core.runstore import RunStore
from perf_core.units import whole_seconds

EXAMPLE = "perf-platform demo --seconds 60"
ROUTE = "/v1/items/{item_id}/delivery-quote"
SLOWDOWN = 1.3
USERS = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """One run of the demo."""

    title: str
    run_id: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--seconds", type=_seconds, default=30.0, help="length of each of the three runs (default: 30)"
    )


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
        if _is_inconclusive(store, third):
            third = _once_more(stack, store, second, 2 * options.seconds)
    wrong = _show(store, first, second, third)
    print(f"took {time.monotonic() - began:.0f} s")
    _next_commands(store, third)
    for sentence in wrong:
        sys.stderr.write(f"perf-platform: {sentence}; try a quieter machine, or --seconds 60\n")
    return 5 if wrong else 0


def _is_inconclusive(store: RunStore, shown: Shown) -> bool:
    from perf_core.compare.document import read_comparison
    from perf_core.model.verdict import Verdict

    comparison = read_comparison(store.folder(shown.run_id).path / "comparison.json")
    return comparison.verdict is Verdict.INCONCLUSIVE


def _once_more(stack: Stack, store: RunStore, same_build: Shown, seconds: float) -> Shown:
    """Do what an INCONCLUSIVE verdict advises: a second run of the old build in the baseline, and a longer run."""
    print(
        "3 slower      INCONCLUSIVE: runs of this length do not show it on this machine; run 2 joins the baseline "
        "and the slower build runs once more, twice as long",
        flush=True,
    )
    store.add_to_baseline(store.folder(same_build.run_id).read_info(), getpass.getuser(), force=True)
    return _one_run(stack, store, "3 slower", seconds, None)


def _one_run(stack: Stack, store: RunStore, title: str, seconds: float, baseline: str | None) -> Shown:
    """Make one run; None judges it against what is promoted."""
    wait_until(stack.processes, lambda: is_ready(stack.master), "Locust")
    wanted: dict[str, object] = {"users": USERS, "spawn_rate": USERS, "run_time": seconds, "scenario": SCENARIO}
    if baseline is not None:
        wanted["baseline"] = baseline
    try:
        run_id = str(stack.master.post("/perf/run/start", wanted)["run_id"])
    except PerfError:
        stack.processes.check()  # a master that is gone is named with its log
        raise
    progress = Progress(f"{title:<13}")
    deadline = time.monotonic() + seconds + 90
    while store.folder(run_id).read_info().state is RunState.RUNNING:
        stack.processes.check()
        if time.monotonic() > deadline:
            raise PerfError(f"run {run_id} did not end; see the logs in {stack.processes.logs}")
        with contextlib.suppress(PerfError):  # the check above names a master that is gone
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


def _show(store: RunStore, first: Shown, second: Shown, third: Shown) -> tuple[str, ...]:
    from perf_cli.demo_table import DemoRuns, table, wrong_verdicts
    from perf_core.compare.document import read_comparison

    folders = [store.folder(each.run_id).path for each in (first, second, third)]
    runs = DemoRuns(*(read_comparison(folder / "comparison.json") for folder in folders))
    print(f"\n{table(runs)}\n\n{runs.slower.explanation}\n\nreports:")
    for folder in folders:
        print(f"  {folder / 'report.html'}")
    return wrong_verdicts(runs)


def _next_commands(store: RunStore, last: Shown) -> None:
    report = store.folder(last.run_id).path / "report.html"
    command = Path(sys.executable).parent / "perf-platform"
    here = Path.cwd()
    spelt = shlex.quote(str(command.relative_to(here) if command.is_relative_to(here) else command))
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    in_clone = Path("Makefile").is_file() and Path(sys.prefix).resolve() == Path(".venv").resolve()
    print(
        "\nnext: open the report, start everything with Locust's web UI, load your own service with your locustfile:"
    )
    print(f"  {opener} {shlex.quote(str(report))}")
    print("  make up" if in_clone else f"  {spelt} up")
    print(f"  {spelt} run -f locustfile.py --host http://127.0.0.1:8000 --users 10 --run-time 1m --workers 2")


def _seconds(text: str) -> float:
    try:
        return float(whole_seconds(positive_number(text)))
    except ValueError as cause:
        raise argparse.ArgumentTypeError(f"'{text}' is no length; {cause}") from cause
