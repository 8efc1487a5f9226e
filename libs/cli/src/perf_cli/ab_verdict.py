"""The verdict of an interleaved test: written into the folder of the current side, as of any judged run."""

import json
import os
import sys
from dataclasses import replace

from perf_cli.ab_turns import Sides, Turns
from perf_cli.run_options import RunOptions
from perf_core.compare import compare_runs
from perf_core.compare.comparison import RunComparison
from perf_core.compare.document import to_document
from perf_core.compare.exit_code import exit_code
from perf_core.compare.threshold import ERROR_RATE, OFF, parse_thresholds
from perf_core.errors import PerfError
from perf_core.model.run import RunInfo
from perf_core.notify import Courier
from perf_core.report import write_reports
from perf_core.report.text import render_text
from perf_core.runstore import RunStore


def live_thresholds(options: RunOptions) -> dict[str, str]:
    """Return the thresholds that the current side's master can hold: an error rate does not depend on the blocks."""
    wanted = _thresholds(options)
    kept = {each.key for each in parse_thresholds(wanted) if each.metric == ERROR_RATE}
    return {key: text for key, text in wanted.items() if key in kept or text == OFF}


def judge(store: RunStore, sides: Sides, options: RunOptions, turns: Turns) -> tuple[RunComparison, RunInfo]:
    """Compare both runs, write every report, tell who wants to be told; return the comparison and the current run."""
    labels = sides.current.labels | {"block": f"{turns.block} s", "seed": str(turns.seed)}
    current_info = replace(sides.current, thresholds=_thresholds(options), labels=labels)
    store.folder(sides.baseline.id).write_info(sides.baseline)
    folder = store.folder(current_info.id)
    folder.write_info(current_info)
    current, baseline = folder.load(), store.load(sides.baseline.id)
    comparison = compare_runs(current, baseline)
    write_reports(folder.path, comparison, current, baseline)
    info = replace(current_info, verdict=comparison.verdict, baseline=sides.baseline.id)
    folder.write_info(info)
    _notify(store, comparison, options)
    return comparison, replace(info, events=(*info.events, *sides.baseline.events))


def show(store: RunStore, comparison: RunComparison, info: RunInfo, *, as_json: bool, strict: bool) -> int:
    """Print the comparison and return its exit code; `info` has what happened to either side."""
    if as_json:
        print(json.dumps(to_document(comparison), indent=2))
    else:
        print(render_text(comparison))
        print(f"report: {store.folder(info.id).path / 'report.html'}")
    return exit_code(info, comparison, strict=strict)


def _thresholds(options: RunOptions) -> dict[str, str]:
    return {f"thresholds.{name}": str(text) for name, text in options.configuration.table("thresholds").items()}


def _notify(store: RunStore, comparison: RunComparison, options: RunOptions) -> None:
    """A message that is not accepted never changes the verdict; it waits in the outbox."""
    try:
        courier = Courier(store, {**os.environ, **options.configuration.exported("mail")})
        courier.enqueue(comparison)
        courier.deliver_due(only_fresh=True)
    except (PerfError, OSError) as cause:
        sys.stderr.write(f"perf-platform: nobody could be told of the verdict: {cause}\n")
