"""A remote master's runs: the options that name it, and its store as commands need it."""

import argparse
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from perf_cli.keys import http_url
from perf_cli.master_client import MasterClient, MasterRefusedError
from perf_core.errors import RunNotFoundError, UsageError
from perf_core.model.run import RunInfo
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.codec import info_from_document

TOKEN = "PERF_MASTER_TOKEN"  # noqa: S105  the name of the variable
_NOT_FOUND = 404


def add_master_options(
    parser: argparse.ArgumentParser, purpose: str = "work on the runs of this master instead of PERF_RUNS_DIR"
) -> None:
    """Add the options that name a remote master."""
    parser.add_argument("--master", metavar="URL", help=purpose)
    parser.add_argument("--token", help=f"bearer token of --master (default: {TOKEN})")


def master_of(options: argparse.Namespace) -> MasterClient | None:
    """Return the master that the options name; None = the runs are those of this machine.

    Raises:
        UsageError: its address is none, or a token stands alone.
    """
    if options.master is None:
        if options.token is not None:
            raise UsageError("--token belongs to --master; add its address")
        return None
    try:
        url = http_url(options.master)
    except ValueError as cause:
        raise UsageError(f"--master is {options.master!r}; {cause}") from cause
    return MasterClient(url.rstrip("/"), options.token or os.environ.get(TOKEN, ""))


def list_runs(master: MasterClient) -> list[RunInfo]:
    """Return the facts of all runs of the master, newest first."""
    return [info_from_document(each) for each in master.get("/perf/runs")["runs"]]


def report_url(master: MasterClient, run_id: str) -> str:
    """Return the address of the report of a run."""
    return f"{master.url}/perf/runs/{run_id}/report"


def pull(master: MasterClient, run_id: str, store: RunStore) -> RunFolder:
    """Fetch a run into the store, checked.

    Raises:
        RunNotFoundError: the master has no such run.
        PerfError: it cannot be fetched whole, or not be stored.
    """
    from perf_core.runstore.archive import store_archive

    store.folder_of(run_id)  # refuses what cannot be an id before it becomes part of an address
    with tempfile.TemporaryFile() as file:
        try:
            master.download(f"/perf/runs/{run_id}/archive", file)
        except MasterRefusedError as cause:
            if cause.status == _NOT_FOUND:
                raise RunNotFoundError(f"{cause} (on {master.url})") from cause
            raise
        return store_archive(store, run_id, file)


def push(master: MasterClient, folder: RunFolder) -> None:
    """Give a run to the master, in the place of what it has of it."""
    from perf_core.runstore.archive import write_archive

    with tempfile.TemporaryFile() as file:
        write_archive(folder, file)
        size = file.tell()
        file.seek(0)
        master.upload(f"/perf/runs/{folder.id}/archive", file, size)


@contextmanager
def mirrored(master: MasterClient, choices: Iterable[str]) -> Iterator[RunStore]:
    """Yield a store of this machine that has these runs of the master; what is no run id there is left out."""
    with tempfile.TemporaryDirectory(prefix="perf-platform-") as folder:
        store = RunStore(Path(folder))
        for choice in choices:
            if choice in {"latest", "none"} or "/" in choice or Path(choice).is_file():
                continue
            pull(master, choice, store)
        yield store
