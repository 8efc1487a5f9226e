"""`perf-platform pack`: put a run into one small file, to be a baseline elsewhere."""

import argparse
from pathlib import Path

from perf_core.errors import PerfError
from perf_core.model.verdict import RunState
from perf_core.runstore import RunStore
from perf_core.runstore.atomic import write_atomically
from perf_core.units import format_bytes

EXAMPLE = "perf-platform pack 20261124-101500-3f9a baseline.perf"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("run", help="run id, or latest: the newest run that is over")
    parser.add_argument("file", help="file to write; `run --baseline FILE` takes it, or an http(s) address of it")


def run(options: argparse.Namespace) -> int:
    """Write the file."""
    from perf_core.runstore.pack import pack

    store = RunStore.from_environment()
    folder = store.folder(options.run)
    info = folder.load().info  # a damaged run is no baseline
    if info.state is RunState.RUNNING:
        raise PerfError(f"run {info.id} is not finished; wait for its end")
    data = pack(info, folder.frames())
    write_atomically(Path(options.file).absolute(), data)
    print(f"{options.file}: run {info.id}, {info.requests} requests in {format_bytes(len(data))}")
    return 0
