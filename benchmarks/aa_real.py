"""Count real false alarms and found faults: the demo's service against itself, over and over, on this machine.

Each round is, in random order, an unchanged run, one with an endpoint 10 % slower and one with it 30 % slower, all
judged against the same baselines, which are made anew every round. Nobody has to look on:

    python benchmarks/aa_real.py --times 10                     # 4 runs of 20 s a round: about 15 minutes
    python benchmarks/aa_real.py --times 5 --seconds 60 --baselines 3
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

from perf_cli.demo_command import ROUTE, USERS
from perf_cli.processes import Processes
from perf_cli.stack import SCENARIO, Stack, is_ready, start_stack, wait_until
from perf_core.compare import compare_runs
from perf_core.compare.comparison import RunComparison
from perf_core.errors import PerfError
from perf_core.model.series import Recording
from perf_core.model.verdict import RunState, Verdict
from perf_core.report.words import headline
from perf_core.runstore import RunStore

FAULTS = {"unchanged": 1.0, "+10 %": 1.1, "+30 %": 1.3}
SLOWED = "/v1/items/{id}/delivery-quote"
"""The request name of the endpoint that gets the fault."""
GRACE = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One verdict on a run whose truth is known."""

    kind: str
    verdict: Verdict | None
    named: bool
    """The slowed endpoint is REGRESSED."""


def set_fault(stack: Stack, slowdown: float) -> None:
    """Slow the endpoint down by a factor; 1 gives it back."""
    body = json.dumps({"method": "GET", "route": ROUTE, "slowdown": slowdown}).encode()
    request = urllib.request.Request(
        f"{stack.api}/admin/faults", body, {"Content-Type": "application/json"}, method="PUT"
    )
    urllib.request.urlopen(request, timeout=10).read()


def record(stack: Stack, store: RunStore, slowdown: float, seconds: float) -> Recording:
    """Make one run and return it; nobody judges it yet."""
    set_fault(stack, slowdown)
    wait_until(stack.processes, lambda: is_ready(stack.master), "Locust")
    wanted = {"users": USERS, "spawn_rate": USERS, "run_time": seconds, "scenario": SCENARIO, "baseline": "none"}
    run_id = str(stack.master.post("/perf/run/start", wanted)["run_id"])
    deadline = time.monotonic() + seconds + GRACE
    while store.folder(run_id).read_info().state is RunState.RUNNING:
        stack.processes.check()
        if time.monotonic() > deadline:
            raise PerfError(f"run {run_id} did not end; see the logs in {stack.processes.logs}")
        time.sleep(0.5)
    return store.load(run_id)


def answer(kind: str, comparison: RunComparison) -> Answer:
    """Return what one verdict says."""
    named = any(each.key.name == SLOWED and each.verdict is Verdict.REGRESSED for each in comparison.endpoints)
    return Answer(kind, comparison.verdict, named)


def one_round(stack: Stack, store: RunStore, seconds: float, baselines: int, number: int) -> list[Answer]:
    """Make the runs of one round and judge them."""
    before = [record(stack, store, 1.0, seconds) for _ in range(baselines)]
    kinds, answers = random.sample(list(FAULTS), len(FAULTS)), []
    for kind in kinds:
        run = record(stack, store, FAULTS[kind], seconds)
        comparison = compare_runs(run, before[0], more_baselines=before[1:])
        answers.append(answer(kind, comparison))
        print(f"{number:>3}  {kind:<10} {run.info.id} {run.info.validity}  {headline(comparison)}", flush=True)
    return answers


def told(hits: int, of: int) -> str:
    """Return ``3 of 20 = 15 % (Wilson 95 %: 5 .. 36 %)``."""
    interval = binomtest(hits, of).proportion_ci(method="wilson")
    return f"{hits} of {of} = {hits / of:.0%} (Wilson 95 %: {interval.low:.0%} .. {interval.high:.0%})"


def report(answers: Sequence[Answer]) -> None:
    """Print false alarms, silence, and how often each fault was found."""
    for kind in FAULTS:
        own = [each for each in answers if each.kind == kind]
        regressed = sum(each.verdict is Verdict.REGRESSED for each in own)
        if kind == "unchanged":
            print(f"false alarms, unchanged runs that end REGRESSED: {told(regressed, len(own))}")
            quiet = sum(each.verdict is Verdict.UNCHANGED for each in own)
            print(f"unchanged runs that end UNCHANGED: {told(quiet, len(own))}")
            better = sum(each.verdict is Verdict.IMPROVED for each in own)
            print(f"unchanged runs that end IMPROVED: {told(better, len(own))}")
        else:
            print(f"{kind} at one endpoint, run REGRESSED: {told(regressed, len(own))}")
            print(f"{kind} at one endpoint, the endpoint named: {told(sum(each.named for each in own), len(own))}")


def main() -> int:
    """Run the rounds; Ctrl-C ends them and reports those that are whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10, help="rounds (default: 10)")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each run (default: 20)")
    parser.add_argument("--baselines", type=int, default=1, help="baseline runs of each round (default: 1)")
    options = parser.parse_args()
    answers: list[Answer] = []
    with tempfile.TemporaryDirectory() as folder, Processes() as processes:
        store = RunStore(Path(folder) / "runs")
        os.environ["PERF_RUNS_DIR"] = str(store.root)  # where the master keeps them
        stack = start_stack(processes, faults=True)
        try:
            for number in range(1, options.times + 1):
                answers += one_round(stack, store, options.seconds, options.baselines, number)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
    if answers:
        report(answers)
    return 0 if answers else 130


if __name__ == "__main__":
    sys.exit(main())
