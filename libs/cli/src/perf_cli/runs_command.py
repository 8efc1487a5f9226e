"""`perf-platform runs`: list the stored runs, newest first."""

import argparse
import json
import time

from perf_core.model.run import RunInfo
from perf_core.runstore import RunStore

EXAMPLE = "perf-platform runs --scenario checkout --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--scenario", help="only runs of this scenario")
    parser.add_argument("--json", action="store_true", help="print an array and nothing else")


def run(options: argparse.Namespace) -> int:
    """Print the runs."""
    store = RunStore.from_environment()
    runs = [each for each in store.list() if options.scenario in (None, each.scenario)]
    if options.json:
        print(json.dumps([_document(each) for each in runs], indent=2))
    elif not runs:
        print(f"no runs in {store.root}; make one with `perf-platform run` or `perf-platform demo`")
    else:
        print(f"{'id':<22} {'started':<17} {'scenario':<18} {'requests':>9} {'failed':>7} {'verdict':<13} validity")
        for each in runs:
            print(_line(each))
    return 0


def _document(run: RunInfo) -> dict[str, object]:
    return {
        "id": run.id,
        "started": run.started,
        "scenario": run.scenario,
        "target": run.target,
        "state": str(run.state),
        "requests": run.requests,
        "failures": run.failures,
        "verdict": None if run.verdict is None else str(run.verdict),
        "validity": str(run.validity),
        "baseline": run.baseline,
        "labels": run.labels,
    }


def _line(run: RunInfo) -> str:
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started)) if run.started else "-"
    verdict = str(run.verdict or "-")
    counts = f"{run.requests:>9} {run.failures:>7}"
    return f"{run.id:<22} {started:<17} {run.scenario[:18]:<18} {counts} {verdict:<13} {run.validity}"
