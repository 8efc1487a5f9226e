"""`perf-platform pack`: put a run, or the runs of a baseline, into one small file, to be a baseline elsewhere."""

import argparse
from pathlib import Path

from perf_core.errors import BaselineError, PerfError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.atomic import write_atomically
from perf_core.units import format_bytes

EXAMPLE = "perf-platform pack 20261124-101500-3f9a baseline.perf"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "runs", nargs="*", metavar="run", help="run ids, or latest: the newest run that is over; several make a set"
    )
    parser.add_argument("file", help="file to write; `run --baseline FILE` takes it, or an http(s) address of it")
    parser.add_argument("--scenario", help="pack the promoted runs of this scenario")


def run(options: argparse.Namespace) -> int:
    """Write the file."""
    from perf_core.runstore.pack import pack_set

    store = RunStore.from_environment()
    folders = [store.folder(run) for run in options.runs]
    if options.scenario:
        folders += [store.folder(run_id) for run_id in _promoted(store, options.scenario)]
    if not folders:
        raise PerfError("nothing to pack; name runs, or a scenario with --scenario")
    infos = [_finished(folder) for folder in folders]
    data = pack_set([(info, folder.frames()) for info, folder in zip(infos, folders, strict=True)])
    write_atomically(Path(options.file).absolute(), data)
    named, requests = ", ".join(info.id for info in infos), sum(info.requests for info in infos)
    what = "run" if len(infos) == 1 else "runs"
    print(f"{options.file}: {what} {named}, {requests} requests in {format_bytes(len(data))}")
    return 0


def _promoted(store: RunStore, scenario: str) -> tuple[str, ...]:
    promotion = store.promoted(scenario)
    if promotion is None:
        raise BaselineError(f"scenario '{scenario}' has no baseline; see `perf-platform baseline show`")
    return promotion.run_ids


def _finished(folder: RunFolder) -> RunInfo:
    info = folder.load().info  # a damaged run is no baseline
    if info.state is RunState.RUNNING:
        raise PerfError(f"run {info.id} is not finished; wait for its end")
    return info
