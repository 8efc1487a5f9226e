"""Volumes that are full or read-only while a run is on: the run goes on, and what could be written can be read."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from private_volumes import PrivateVolumes, private_volumes

from perf_core.model.verdict import RunState, Validity
from perf_core.runstore import RunStore
from perf_core.runstore.frame_codec import decode_frame
from perf_core.runstore.frame_log import scan

LONG = 120.0


@pytest.fixture
def volumes() -> Iterator[PrivateVolumes]:
    with private_volumes() as made:
        yield made


def run_folder(runs: Path, locusts) -> Path:
    locusts.eventually(lambda: any(map(readable, runs.glob("2*"))), "the first requests on disk")
    return next(runs.glob("2*"))


def readable(folder: Path) -> int:
    """Requests in the log up to its last good frame."""
    return sum(decode_frame(each).requests for each in scan(folder / "frames.log").payloads)


def test_a_volume_that_is_full_for_a_while_costs_nothing_even_without_a_spool(server, locusts, volumes) -> None:
    runs, spool = locusts.folder / "runs", locusts.folder / "spool"
    volumes.mount(runs, "64m")
    volumes.mount(spool, "1m")
    locusts = replace(locusts, before=volumes.enter(locusts.folder), environment={"PERF_SPOOL_DIR": str(spool)})
    master, *_ = locusts.distributed(server, 300)
    folder = run_folder(volumes.seen(runs), locusts)
    volumes.fill(runs)
    locusts.eventually(lambda: "No space left on device" in locusts.log(), "the error")
    kept = readable(folder)
    server.wait_for(200)

    assert 0 < kept <= readable(folder) < server.served()
    assert "the run goes on in memory - free space on the volume" in locusts.log()
    volumes.free(runs)
    locusts.eventually(lambda: "can be written again" in locusts.log(), "the writer")
    master.send_signal(signal.SIGTERM)

    assert master.wait(LONG) == 0, locusts.log()
    recording = RunStore(volumes.seen(runs)).load(folder.name)
    assert recording.requests == server.served() > 300
    assert recording.info.validity is Validity.VALID, recording.info.validity_reasons
    assert [event.kind for event in recording.info.events] == ["writing_failed"]
    assert (folder / "report.html").exists()
    assert "no spool in" in locusts.log("worker-0")


def test_a_volume_that_refuses_until_the_end_leaves_the_rest_to_the_spools(server, locusts, volumes) -> None:
    runs = locusts.folder / "runs"
    volumes.mount(runs, "64m")
    settings = {"PERF_SPOOL_DIR": str(locusts.folder / "spool"), "PERF_DRAIN_SECONDS": "3"}
    locusts = replace(locusts, before=volumes.enter(locusts.folder), environment=settings)
    master, *workers = locusts.distributed(server, 300)
    folder = run_folder(volumes.seen(runs), locusts)
    volumes.make_read_only(runs)
    locusts.eventually(lambda: "Read-only file system" in locusts.log(), "the error")
    server.wait_for(100)
    volumes.make_writable(runs)
    locusts.eventually(lambda: "can be written again" in locusts.log(), "the writer")
    volumes.fill(runs)
    locusts.eventually(lambda: "No space left on device" in locusts.log(), "the other error")
    server.wait_for(50)
    master.send_signal(signal.SIGTERM)

    assert master.wait(LONG) == 5, locusts.log()
    assert 0 < readable(folder) < server.served()
    assert "perf-platform repair" in locusts.log()
    assert "Traceback" not in locusts.log()
    for worker in workers:
        worker.wait(LONG)
    volumes.free(runs)
    repair = [*volumes.enter(locusts.folder), sys.executable, "-m", "perf_cli", "repair"]
    subprocess.run(repair, cwd=locusts.folder, env={**os.environ, **settings}, check=True)

    info = RunStore(volumes.seen(runs)).load(folder.name).info
    assert info.requests == server.served() > 200
    assert info.state is RunState.INTERRUPTED
    assert (folder / "report.html").exists()
