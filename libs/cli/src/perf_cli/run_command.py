"""`perf-platform run`: one run against a service, from the first user to the exit code."""

import argparse
import os
import sys
from dataclasses import replace

from perf_cli.follow import follow
from perf_cli.judging_options import judging_settings
from perf_cli.locust_processes import check_locustfiles, start_locusts
from perf_cli.packed_baseline import baseline_id
from perf_cli.processes import Processes
from perf_cli.run_options import RunOptions, add_run_options, configure
from perf_core.model.plan import RunPlan
from perf_core.model.verdict import Validity
from perf_core.runstore import RunStore, new_run_id

EXAMPLE = "perf-platform run -f locustfile.py --host http://127.0.0.1:8000 --users 20 --run-time 2m --workers 2"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; what follows `--` goes to Locust unchanged."""
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run it and return the exit code of the verdict."""
    configured = configure(options)
    check_locustfiles(configured.locustfile)
    _check_mail({**os.environ, **configured.configuration.exported("mail")})
    store, plan = RunStore.from_environment(), _plan(configured)
    plan = replace(plan, baseline=baseline_id(store, plan.baseline))
    with Processes() as processes:
        start_locusts(processes, configured, plan)
        follow(processes, store.folder_of(str(plan.run_id)), wait=plan.wait)
    return show_result(store, str(plan.run_id), strict=plan.strict)


def show_result(store: RunStore, run_id: str, *, strict: bool) -> int:
    """Print a finished run's comparison and where its report is; return its exit code."""
    from perf_core.compare.document import read_comparison
    from perf_core.compare.exit_code import exit_code
    from perf_core.report.text import render_text

    folder = store.folder(run_id)
    info, comparison = folder.read_info(), read_comparison(folder.path / "comparison.json")
    if info.requests:
        print(render_text(comparison))
    if info.validity is not Validity.VALID:
        reasons = "; ".join(info.validity_reasons)
        sys.stderr.write(f"perf-platform: run {run_id} is {info.validity}: {reasons}\n")
    elif comparison.baseline is None:
        print(f"nothing to compare with; promote this run: perf-platform baseline set {run_id}")
    print(f"report: {folder.path / 'report.html'}")
    _tell_messages(store, run_id)
    return exit_code(info, comparison, strict=strict)


def _check_mail(environment: dict[str, str]) -> None:
    """Refuse settings that would make the mail fail after the run."""
    from perf_core.notify import NotifySettings

    NotifySettings.from_environment(environment)


def _tell_messages(store: RunStore, run_id: str) -> None:
    """Print how it stands with the mail and the webhook of a run."""
    from perf_cli.mail_command import state_of
    from perf_core.notify import Outbox

    for entry in Outbox(store.root).entries():
        if entry.run_id == run_id:
            print(f"{entry.channel}: {state_of(entry)}")
            if entry.sent_at is None:
                option = "" if entry.channel == "mail" else " --webhook"
                print(f"it is kept; try it again with: perf-platform mail --resend {run_id}{option}")


def _plan(options: RunOptions) -> RunPlan:
    configuration = options.configuration
    return RunPlan(
        run_id=new_run_id(),
        scenario=configuration.text("scenario"),
        baseline=configuration.text("baseline"),
        labels={name: str(value) for name, value in configuration.table("labels").items()},
        thresholds={f"thresholds.{name}": str(value) for name, value in configuration.table("thresholds").items()},
        policy=judging_settings(configuration),
        strict=bool(configuration["strict"]),
        metrics_controller=configuration.text("target.metrics_controller"),
        wait=configuration.number("wait") or 0.0,
    )
