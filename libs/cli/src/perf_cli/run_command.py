"""`perf-platform run`: one run against a service, from the first user to the exit code."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from perf_cli.master_client import MasterClient
from perf_cli.processes import Processes, free_port
from perf_cli.progress import Progress, connection_of
from perf_core.errors import PerfError, UsageError
from perf_core.model.plan import PLAN_VARIABLE, RunPlan
from perf_core.model.verdict import RunState
from perf_core.runstore import RunFolder, RunStore, new_run_id
from perf_core.units import parse_duration

EXAMPLE = "perf-platform run -f locustfile.py --host http://127.0.0.1:8000 --users 20 --run-time 2m --workers 2"
_CI_LABELS = {
    "commit": ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION"),
    "branch": ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME", "GIT_BRANCH"),
    "job_url": ("CI_JOB_URL", "BUILD_URL"),
}
_OURS = ("LOCUST_MASTER", "LOCUST_WORKER", "LOCUST_HEADLESS", "LOCUST_MODE", "LOCUST_PROCESSES", "LOCUST_AUTOSTART")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; what follows `--` goes to Locust unchanged."""
    parser.add_argument("-f", "--locustfile", help="locustfile, several with commas, or a folder (default: Locust's)")
    parser.add_argument("-H", "--host", help="base URL of the service (default: the locustfile's)")
    parser.add_argument("-u", "--users", type=_count, help="users at once")
    parser.add_argument("-r", "--spawn-rate", type=float, help="users started per second (default: all within 2 s)")
    parser.add_argument("-t", "--run-time", help="length of the run: 90s, 2m, 1h30m")
    parser.add_argument("-w", "--workers", type=_count, default=1, help="worker processes (default: 1)")
    parser.add_argument("--scenario", help="what makes runs comparable (default: the locustfile's name)")
    parser.add_argument(
        "--baseline", metavar="ID|latest|none", help="run to judge against (default: the promoted one)"
    )
    parser.add_argument("--label", action="append", default=[], metavar="K=V", help="note on the run; repeatable")
    parser.add_argument("--wait", help="wait this long until the target accepts connections, e.g. 60s")
    parser.add_argument("--strict", action="store_true", help="end with 4 when noise hides the answer")


def run(options: argparse.Namespace) -> int:
    """Run it and return the exit code of design D10."""
    if options.locustfile and "://" not in options.locustfile:
        for name in options.locustfile.split(","):
            if not Path(name.strip()).exists():
                raise UsageError(f"there is no locustfile {name.strip()}; name it with -f")
    if options.run_time:
        parse_duration(options.run_time)
    if options.wait:
        wait_for_target(options.host, parse_duration(options.wait))
    store, run_id = RunStore.from_environment(), new_run_id()
    plan = RunPlan(
        run_id=run_id,
        scenario=options.scenario,
        baseline=options.baseline,
        labels=labels_of(options.label, os.environ),
        strict=options.strict,
    )
    with Processes() as processes:
        _start(processes, options, plan)
        _follow(processes, store.folder_of(run_id))
    return show_result(store, run_id, strict=options.strict)


def show_result(store: RunStore, run_id: str, *, strict: bool) -> int:
    """Print a finished run's comparison and where its report is; return its exit code."""
    from perf_core.compare.document import read_comparison
    from perf_core.compare.exit_code import exit_code
    from perf_core.report.text import render_text

    folder = store.folder(run_id)
    info, comparison = folder.read_info(), read_comparison(folder.path / "comparison.json")
    print(render_text(comparison))
    if comparison.baseline is None and info.requests:
        print(f"nothing to compare with; promote this run: perf-platform baseline set {run_id}")
    print(f"report: {folder.path / 'report.html'}")
    return exit_code(info, comparison, strict=strict)


def labels_of(given: list[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the labels given as k=v, over those of the usual CI variables."""
    labels = {
        label: value
        for label, names in _CI_LABELS.items()
        for name in reversed(names)
        if (value := environment.get(name))
    }
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"--label {pair!r} is not of the form key=value")
        labels[key] = value
    return labels


def wait_for_target(host: str | None, seconds: float) -> None:
    """Wait until the target accepts a TCP connection.

    Raises:
        PerfError: it does not in time; exit code 6 follows from the run's own check.
    """
    from perf_locust.preflight import TargetUnreachableError, check_target

    deadline = time.monotonic() + seconds
    while host:
        try:
            return check_target(host)
        except TargetUnreachableError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
    raise UsageError("--wait needs --host; add it")


def _start(processes: Processes, options: argparse.Namespace, plan: RunPlan) -> None:
    port = free_port()
    common = [sys.executable, "-m", "perf_locust", *(["-f", options.locustfile] if options.locustfile else [])]
    environment = {PLAN_VARIABLE: plan.to_json()}
    for name in _OURS:
        os.environ.pop(name, None)
    load = ["--headless", "--only-summary", "--stop-timeout", "10", "--expect-workers", str(options.workers)]
    load += ["--expect-workers-max-wait", "60", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port)]
    rate = options.spawn_rate or (max(options.users / 2, 1) if options.users else None)
    for flag, value in (("-H", options.host), ("-u", options.users), ("-r", rate), ("-t", options.run_time)):
        load += [flag, str(value)] if value else []
    processes.start("master", [*common, "--master", *load, *options.rest], environment)
    for number in range(1, options.workers + 1):
        join = ["--worker", "--master-host", "127.0.0.1", "--master-port", str(port)]
        processes.start(f"worker-{number}", [*common, *join, *_for_workers(options.rest)], environment)


def _for_workers(rest: list[str]) -> list[str]:
    """Return what workers understand of the arguments after `--`: not the files that the master writes."""
    kept, skip = [], False
    for argument in rest:
        if skip:
            skip = False
        elif argument in ("--html", "--csv", "--json-file"):
            skip = True
        elif argument.split("=")[0] not in ("--html", "--csv", "--json-file", "--json"):
            kept.append(argument)
    return kept


def _follow(processes: Processes, folder: RunFolder) -> None:
    master, progress, asked_to_stop = processes.of("master"), Progress(), False
    while master.poll() is None:
        try:
            connection = connection_of(folder)
            if connection is not None:
                progress.show(MasterClient(connection.url, connection.token))
            time.sleep(0.5)
        except PerfError:
            time.sleep(0.2)
        except KeyboardInterrupt:
            if asked_to_stop:
                raise
            asked_to_stop = True
            print("stopping: users finish their request, then the run is judged; Ctrl-C again to give up")
            master.send_signal(signal.SIGTERM)
    progress.end()
    if not (folder.path / "run.json").is_file() or folder.read_info().state is RunState.RUNNING:
        raise PerfError(
            f"the run did not come to its end; the last lines of Locust were:\n{processes.tail('master')}"
        )


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1")
    return value
