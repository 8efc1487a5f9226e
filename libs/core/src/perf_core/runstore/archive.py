"""A run folder as one file that checks itself: a ZIP of what the folder holds, for a run that changes machines."""

import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from perf_core.errors import DamagedRunError, RunNotFoundError, RunStoreError
from perf_core.model.verdict import RunState
from perf_core.runstore.folder import RunFolder
from perf_core.runstore.frame_log import scan
from perf_core.runstore.retention import GOING
from perf_core.runstore.store import RunStore

LARGEST = 4 << 30
"""Bytes a run may have when unpacked; an hour with 20 endpoints and 4 workers takes about 20 MB."""
_PRIVATE = "master.json"
"""The address and token of a live master: of no use elsewhere, and secret."""
_COMING = ".coming-"
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
"""What Python says of a ZIP that is none, torn, or claims to be of a kind that we do not write."""


def write_archive(folder: RunFolder, file: BinaryIO) -> None:
    """Write every file of the run into the archive.

    Raises:
        RunStoreError: the run is on, or its folder cannot be read.
    """
    if folder.read_info().state is RunState.RUNNING:
        raise RunStoreError(f"run {folder.id} is on; wait for its end")
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for path in sorted(folder.path.iterdir()):
                if path.is_file() and not path.name.startswith(".") and path.name != _PRIVATE:
                    archive.write(path, path.name)
    except (OSError, ValueError) as cause:
        raise RunStoreError(f"run {folder.id} cannot be read ({cause}); restore its folder from a copy") from cause


def store_archive(store: RunStore, run_id: str, file: BinaryIO) -> RunFolder:
    """Put the run of an archive into the store; the same run takes the place of what the store has of it.

    Raises:
        DamagedRunError: a checksum is wrong, or the archive does not hold this run whole.
        RunStoreError: the folder cannot be written, or holds another run of that id.
    """
    target = store.folder_of(run_id)
    try:
        store.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_COMING, dir=store.root) as temporary:
            coming = RunFolder(Path(temporary) / run_id)
            _unpack(file, coming.path)
            _check(coming)
            _replace(target, coming)
    except _DAMAGE as cause:
        raise DamagedRunError(f"what came of run {run_id} is damaged ({cause}); fetch it again") from cause
    except OSError as cause:
        raise RunStoreError(
            f"cannot write {target.path} ({cause.strerror or cause}); free space or set PERF_RUNS_DIR"
        ) from cause
    return target


def _unpack(file: BinaryIO, folder: Path) -> None:
    """Write the files; reading one to its end checks its CRC."""
    folder.mkdir()
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > LARGEST:
            raise zipfile.BadZipFile(f"it is larger than {LARGEST >> 30} GiB")
        for entry in entries:
            if entry.filename != Path(entry.filename).name or entry.filename.startswith("."):
                raise zipfile.BadZipFile(f"{entry.filename!r} is no file of a run folder")
            with archive.open(entry) as source, (folder / entry.filename).open("wb") as copy:
                shutil.copyfileobj(source, copy)


def _check(folder: RunFolder) -> None:
    """Check that every frame of the run is there and whole; a run that was interrupted may have a torn last one."""
    info = folder.load().info
    if info.state is RunState.RUNNING:
        raise DamagedRunError(f"run {folder.id} was on when it was archived; wait for its end")
    torn = scan(folder.frames_log).torn_bytes
    if torn and info.state is RunState.FINISHED:
        raise DamagedRunError(f"frames.log of run {folder.id} has {torn} damaged bytes; fetch the run again")


def _replace(target: RunFolder, coming: RunFolder) -> None:
    try:
        known = target.read_info()
    except RunNotFoundError:
        coming.path.rename(target.path)
        return
    if known.state is RunState.RUNNING or known.started != coming.read_info().started:
        what = "is on" if known.state is RunState.RUNNING else "is another run"
        raise RunStoreError(
            f"run {known.id} in {target.path.parent} {what}; choose another folder with PERF_RUNS_DIR"
        )
    going = target.path.with_name(f"{GOING}{target.id}")
    shutil.rmtree(going, ignore_errors=True)
    target.path.rename(going)
    coming.path.rename(target.path)
    shutil.rmtree(going)
