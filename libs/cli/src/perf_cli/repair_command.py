"""`perf-platform repair`: bring into stored runs what the spools of dead workers have, and close runs left open."""

import argparse
import os
from pathlib import Path

from perf_core.errors import PerfError
from perf_core.runstore import RunStore

EXAMPLE = "PERF_SPOOL_DIR=/var/spool/perf perf-platform repair"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", nargs="?", help="run id (default: every run in PERF_RUNS_DIR that needs it)")
    parser.add_argument(
        "--spool-dir",
        metavar="FOLDER",
        help="folder of the spools (default: PERF_SPOOL_DIR, or .spool beside the runs)",
    )


def run(options: argparse.Namespace) -> int:
    """Repair; 0 when every run that could be repaired was."""
    from perf_locust.finish import is_open
    from perf_locust.settings import spool_dir_of

    store = RunStore.from_environment()
    folder = Path(options.spool_dir) if options.spool_dir else spool_dir_of(os.environ)
    if options.run:
        return 0 if _repair(store, options.run, folder) else 5
    wanted = [each.id for each in store.list() if is_open(each) or (folder / each.id).is_dir()]
    results = [_repair(store, run_id, folder, several=True) for run_id in wanted]
    if not wanted:
        print(f"nothing to repair in {store.root}: no run was left open, and {folder} has no spool of one")
    return 0 if all(results) else 5


def _repair(store: RunStore, run_id: str, folder: Path, *, several: bool = False) -> bool:
    from perf_locust.repair import repair_run

    try:
        repaired = repair_run(store, run_id, folder)
    except PerfError as cause:
        if not several:
            raise
        print(f"{run_id}: not repaired: {cause}")
        return False
    if repaired.finished is None:
        print(f"{run_id}: nothing to repair")
        return True
    info, merged = repaired.finished.info, repaired.merged
    print(
        f"{run_id}: {merged.requests} requests in {merged.frames} frames were brought in; the run is {info.state} "
        f"with {info.requests} requests, {info.validity}"
    )
    print(f"report: {store.folder(run_id).path / 'report.html'}")
    return True
