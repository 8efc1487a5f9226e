"""`perf-platform trends`: p95, error rate and throughput over the runs of a scenario, and where they changed."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from perf_core.errors import UsageError
from perf_core.runstore import RunStore
from perf_core.runstore.atomic import write_atomically

if TYPE_CHECKING:
    from perf_core.report.trends import History, Trend

EXAMPLE = "perf-platform trends --scenario checkout --html trends.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--scenario", help="only this scenario (default: each)")
    parser.add_argument("--last", type=int, default=100, metavar="N", help="newest runs to look at (default: 100)")
    parser.add_argument("--html", metavar="FILE", help="write a page that opens offline")
    parser.add_argument("--json", action="store_true", help="print an array and nothing else")


def run(options: argparse.Namespace) -> int:
    """Print what changed and with which run."""
    from perf_core.report.html import render_trends
    from perf_core.report.trends import scenario_history, trends_of

    if options.last < 1:
        raise UsageError(f"--last is {options.last}; give a number of runs, at least 1")
    store = RunStore.from_environment()
    known = sorted({each.scenario for each in store.list()})
    if options.scenario is not None and options.scenario not in known:
        raise UsageError(f"no run is of scenario '{options.scenario}'; there are: {', '.join(known) or 'none yet'}")
    wanted = known if options.scenario is None else [options.scenario]
    histories = [scenario_history(store, scenario, options.last) for scenario in wanted]
    if options.html:
        write_atomically(Path(options.html).absolute(), render_trends(histories).encode())
    found = [(history, trends_of(history)) for history in histories]
    if options.json:
        made = [_document(history.scenario, each) for history, trends in found for each in trends]
        print(json.dumps(made, indent=2))
        return 0
    for history, trends in found:
        _print(history, trends)
    if not found:
        print(f"no runs in {store.root}; make one with `perf-platform run` or `perf-platform demo`")
    return 0


def _print(history: "History", trends: "tuple[Trend, ...]") -> None:
    coarse = sum(bool(run.info.low_resolution) for run in history.runs)
    print(f"{history.scenario}: {len(history.runs)} runs{f' ({coarse} of low resolution)' if coarse else ''}")
    lines = [
        f"  {trend.name}: {each.before} -> {each.after} ({each.change}) since run {each.run.id}"
        for trend in trends
        for each in trend.changes
    ]
    print("\n".join(lines or ["  no change of level"]))


def _document(scenario: str, trend: "Trend") -> dict[str, object]:
    return {
        "scenario": scenario,
        "name": trend.name,
        "kind": trend.kind,
        "runs": [run.id for run in trend.runs],
        "values": list(trend.values),
        "changes": [
            {"run": each.run.id, "change": each.change, "worse": each.worse, "p_value": each.p_value}
            for each in trend.changes
        ],
    }
