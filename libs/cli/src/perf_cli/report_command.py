"""`perf-platform report`: render the report of a stored run again, into its folder."""

import argparse
import os
from dataclasses import replace

from perf_cli.judging_options import add_judging_options, given_settings
from perf_cli.packed_baseline import baseline_id
from perf_cli.threshold_options import add_threshold_option, given_thresholds
from perf_core.errors import PerfError
from perf_core.model.verdict import RunState
from perf_core.runstore import RunStore

EXAMPLE = "perf-platform report 20261124-113000-77b0 --baseline 20261124-101500-3f9a"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", help="run id")
    parser.add_argument(
        "--baseline", metavar="ID|FILE|URL|latest|none", help="run to judge against (default: the one it had)"
    )
    add_judging_options(parser)
    add_threshold_option(parser)
    parser.add_argument("--strict", action="store_true", help="end with 4 when noise hides the answer")


def run(options: argparse.Namespace) -> int:
    """Render and return the exit code of the comparison."""
    from perf_core.compare import compare_runs
    from perf_core.compare.exit_code import exit_code
    from perf_core.report import write_reports
    from perf_core.report.links import run_links
    from perf_core.report.text import render_text

    store = RunStore.from_environment()
    current = store.load(options.run)
    if current.info.state is RunState.RUNNING:
        raise PerfError(f"run {current.info.id} is not finished; wait for its end")
    choice = baseline_id(store, options.baseline) or current.info.baseline or "none"
    chosen = store.choose_baseline(choice, current.info.scenario, excluding=current.info.id)
    baseline = None if chosen is None else store.load(chosen.id)
    comparison = compare_runs(
        current, baseline, thresholds=given_thresholds(options.threshold), settings=given_settings(options)
    )
    folder = store.folder(options.run)
    write_reports(folder.path, comparison, current, baseline, run_links(current.info, os.environ))
    folder.write_info(replace(current.info, verdict=comparison.verdict, baseline=chosen.id if chosen else None))
    print(render_text(comparison))
    print(f"report: {folder.path / 'report.html'}")
    return exit_code(current.info, comparison, strict=options.strict)
