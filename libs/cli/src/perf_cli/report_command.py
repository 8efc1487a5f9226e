"""`perf-platform report`: render the report of a stored run again, into its folder."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from perf_cli.judging_options import add_judging_options, add_noise_options, add_warm_up_option, given_settings
from perf_cli.master_client import MasterClient
from perf_cli.packed_baseline import baseline_id
from perf_cli.remote import add_master_options, list_runs, master_of, mirrored, pull, push, report_url
from perf_cli.threshold_options import add_threshold_option, given_thresholds
from perf_core.errors import PerfError
from perf_core.model.verdict import RunState
from perf_core.runstore import RunStore, run_ids
from perf_core.runstore.store import newest_usable

if TYPE_CHECKING:
    from perf_core.compare.comparison import RunComparison
    from perf_core.model.run import RunInfo

EXAMPLE = "perf-platform report 20261124-113000-77b0 --baseline 20261124-101500-3f9a"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", help="run id, or latest: the newest run that is over")
    parser.add_argument(
        "--baseline",
        metavar="ID|FILE|URL|latest|none",
        help="run to judge against (default: the one it had, or the promoted one when it was never judged)",
    )
    add_judging_options(parser)
    add_noise_options(parser)
    add_warm_up_option(parser)
    add_threshold_option(parser)
    parser.add_argument("--strict", action="store_true", help="end with 4 when noise hides the answer")
    add_master_options(parser)


def run(options: argparse.Namespace) -> int:
    """Render and return the exit code of the comparison."""
    from perf_core.compare.exit_code import exit_code
    from perf_core.report.text import render_text

    master = master_of(options)
    if master is None:
        store = RunStore.from_environment()
        info, comparison = _render(store, options, os.environ)
        place = str(store.folder(options.run).path / "report.html")
    else:
        info, comparison = _render_for(master, options)
        place = report_url(master, options.run)
    print(render_text(comparison))
    print(f"report: {place}")
    return exit_code(info, comparison, strict=options.strict)


def _render(
    store: RunStore, options: argparse.Namespace, environment: Mapping[str, str]
) -> "tuple[RunInfo, RunComparison]":
    from perf_core.compare import compare_runs
    from perf_core.report import write_reports
    from perf_core.report.links import run_links

    current = store.load(options.run)
    if current.info.state is RunState.RUNNING:
        raise PerfError(f"run {current.info.id} is not finished; wait for its end")
    choice = baseline_id(store, options.baseline) or _own_baseline(store, current.info)
    chosen = store.choose_baselines(choice, current.info.scenario, excluding=current.info.id)
    baselines = [store.load(each.id) for each in chosen]
    baseline = baselines[0] if baselines else None
    defaults, thresholds = given_thresholds(options.threshold)
    comparison = compare_runs(
        current,
        baseline,
        thresholds=thresholds,
        default_thresholds=defaults,
        settings=given_settings(options),
        repeats=[store.load(each) for each in current.info.repeats],
        more_baselines=baselines[1:],
    )
    folder = store.folder(current.info.id)
    write_reports(folder.path, comparison, current, baseline, run_links(current.info, environment))
    ids = tuple(each.id for each in chosen)
    folder.write_info(
        replace(current.info, verdict=comparison.verdict, baseline=ids[0] if ids else None, more_baselines=ids[1:])
    )
    return current.info, comparison


def _own_baseline(store: RunStore, info: "RunInfo") -> str | None:
    """Return what a run was judged against; None, the promoted runs, for one that was imported or not judged yet."""
    if info.baseline:
        return ",".join((info.baseline, *info.more_baselines))
    judged = (store.folder(info.id).path / "comparison.json").exists()
    return "none" if judged and "imported_from" not in info.labels else None


def _render_for(master: MasterClient, options: argparse.Namespace) -> "tuple[RunInfo, RunComparison]":
    """Render here, where it slows nobody down, and give the folder back to the master."""
    links = master.get(f"/perf/runs/{quote(options.run, safe='')}")["links"]
    with mirrored(master, (options.run,)) as store:
        current = store.folder(options.run).read_info()
        if options.baseline == "latest":
            options.baseline = newest_usable(list_runs(master), current.scenario, current.id, master.url).id
        wanted = {*run_ids(options.baseline or ""), *current.repeats}
        wanted |= set() if options.baseline or not current.baseline else {current.baseline, *current.more_baselines}
        there = wanted & {each.id for each in list_runs(master)}
        for run_id in there:
            pull(master, run_id, store)
        rendered = _render(store, options, links)
        for info in store.list():
            if info.id not in there:
                push(master, store.folder(info.id))
    return rendered
