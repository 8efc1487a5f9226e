"""`perf-platform pull`: fetch the folder of a run from a remote master."""

import argparse

from perf_cli.remote import add_master_options, list_runs, master_of, pull
from perf_core.errors import PerfError, UsageError
from perf_core.model.verdict import RunState
from perf_core.runstore import RunStore

EXAMPLE = "perf-platform pull 20261124-113000-77b0 --master http://127.0.0.1:8089"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", help="run id, or latest: the newest run that is over")
    add_master_options(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch it into PERF_RUNS_DIR; every file and every frame is checked."""
    master, store = master_of(options), RunStore.from_environment()
    if master is None:
        raise UsageError("pull needs a master; name it with --master URL")
    run_id = options.run
    if run_id == "latest":
        over = [each.id for each in list_runs(master) if each.state is not RunState.RUNNING]
        if not over:
            raise PerfError(f"no run of {master.url} is over; make one with `perf-platform run --master URL`")
        run_id = over[0]
    folder = pull(master, run_id, store)
    info = folder.read_info()
    print(f"{folder.path}: run {info.id}, {info.requests} requests, verdict {info.verdict or '-'}, {info.validity}")
    return 0
