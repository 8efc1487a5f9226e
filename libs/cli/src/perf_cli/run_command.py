"""`perf-platform run`: one run against a service, from the first user to the exit code."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from perf_cli.judging_options import judging_settings
from perf_cli.locust_processes import check_locustfiles
from perf_cli.master_client import MasterClient
from perf_cli.packed_baseline import baseline_id
from perf_cli.remote import add_master_options, master_of, report_url
from perf_cli.remote_run import run_remote
from perf_cli.run_options import RunOptions, add_run_options, configure
from perf_cli.run_result import Result, tell_result
from perf_cli.series import run_series, series_exit_code
from perf_core.errors import PerfError
from perf_core.model.plan import RunPlan
from perf_core.runstore import RunStore

EXAMPLE = "perf-platform run -f locustfile.py --host http://127.0.0.1:8000 --users 20 --run-time 2m --workers 2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; what follows `--` goes to Locust unchanged."""
    add_run_options(parser)
    add_master_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run it and return the exit code of the verdict."""
    configured, master = configure(options), master_of(options)
    if master is not None:
        return _show_remote(master, run_remote(master, options, configured), configured)
    check_locustfiles(configured.locustfile)
    _check_mail({**os.environ, **configured.configuration.exported("mail")})
    store, plan = RunStore.from_environment(), _plan(configured)
    plan = replace(plan, baseline=baseline_id(store, plan.baseline))
    runs = run_series(store, configured, plan, int(str(configured.configuration["repeat"])))
    show_result(store, runs[-1], strict=plan.strict)
    return series_exit_code(store, runs, strict=plan.strict)


def show_result(store: RunStore, run_id: str, *, strict: bool) -> int:
    """Print a finished run's comparison and where its report is; return its exit code."""
    from perf_core.compare.document import read_comparison
    from perf_core.notify import Outbox

    folder = store.folder(run_id)
    result = Result(
        folder.read_info(),
        read_comparison(folder.path / "comparison.json"),
        str(folder.path / "report.html"),
        [entry for entry in Outbox(store.root).entries() if entry.run_id == run_id],
    )
    return tell_result(result, strict=strict)


def _show_remote(master: MasterClient, document: dict[str, Any], configured: RunOptions) -> int:
    from perf_core.compare.document import from_document
    from perf_core.notify import OutboxEntry
    from perf_core.runstore.codec import info_from_document

    info = info_from_document(document["info"])
    if document["comparison"] is None:
        raise PerfError(f"run {info.id} could not be judged; see the log of the master at {master.url}")
    result = Result(
        info,
        from_document(document["comparison"]),
        report_url(master, info.id),
        [OutboxEntry(**each) for each in document["messages"]],
        f" --master {master.url}",
    )
    return tell_result(result, strict=bool(configured.configuration["strict"]))


def _check_mail(environment: dict[str, str]) -> None:
    """Refuse settings that would make the mail fail after the run."""
    from perf_core.notify import NotifySettings

    NotifySettings.from_environment(environment)


def _plan(options: RunOptions) -> RunPlan:
    configuration = options.configuration
    thresholds = {f"thresholds.{name}": str(value) for name, value in configuration.table("thresholds").items()}
    shape = None
    if configuration.text("shape"):
        from perf_cli.shape_option import planned_shape

        shape, thresholds = planned_shape(Path(str(configuration.text("shape"))), thresholds)
    return RunPlan(
        scenario=configuration.text("scenario"),
        baseline=configuration.text("baseline"),
        labels={name: str(value) for name, value in configuration.table("labels").items()},
        thresholds=thresholds,
        shape=shape,
        policy=judging_settings(configuration),
        strict=bool(configuration["strict"]),
        metrics_controller=configuration.text("target.metrics_controller"),
        wait=configuration.number("wait") or 0.0,
    )
