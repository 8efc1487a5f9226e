"""`perf-platform compare`: judge one stored run against another."""

import argparse
import json

from perf_cli.judging_options import add_judging_options, add_noise_options, add_warm_up_option, given_settings
from perf_cli.packed_baseline import baseline_id
from perf_cli.remote import add_master_options, master_of, mirrored
from perf_cli.threshold_options import add_threshold_option, given_thresholds
from perf_core.runstore import RunStore, run_ids

EXAMPLE = "perf-platform compare 20261124-101500-3f9a 20261124-113000-77b0 --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; the baseline comes first."""
    parser.add_argument(
        "baseline",
        help="run id of the baseline, or path or http(s) address of a packed run; several of one build with commas",
    )
    parser.add_argument(
        "current", help="run id of the run to judge, or latest: the newest run that is over; several with commas"
    )
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON and nothing else")
    add_judging_options(parser)
    add_noise_options(parser)
    add_warm_up_option(parser)
    add_threshold_option(parser)
    parser.add_argument("--strict", action="store_true", help="end with 4 when noise hides the answer")
    add_master_options(parser)


def run(options: argparse.Namespace) -> int:
    """Compare, and return what the command ends with."""
    master = master_of(options)
    if master is None:
        return _compare(RunStore.from_environment(), options)
    with mirrored(master, (*run_ids(options.baseline), *run_ids(options.current))) as store:
        return _compare(store, options)


def _compare(store: RunStore, options: argparse.Namespace) -> int:
    from perf_core.compare import compare_runs
    from perf_core.compare.document import to_document
    from perf_core.compare.exit_code import exit_code
    from perf_core.report.text import render_text

    baseline, *more = [store.load(each) for each in run_ids(baseline_id(store, options.baseline) or "") or [""]]
    current, *repeats = [store.load(each) for each in run_ids(options.current) or [""]]
    defaults, thresholds = given_thresholds(options.threshold)
    comparison = compare_runs(
        current,
        baseline,
        thresholds=thresholds,
        default_thresholds=defaults,
        settings=given_settings(options),
        repeats=repeats,
        more_baselines=more,
    )
    print(json.dumps(to_document(comparison), indent=2) if options.json else render_text(comparison))
    return exit_code(current.info, comparison, strict=options.strict)
