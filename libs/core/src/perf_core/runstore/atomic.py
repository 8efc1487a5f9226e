"""Files that are there whole or not at all, also after a power loss."""

import os
import tempfile
from pathlib import Path

from perf_core.errors import RunStoreError


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace the file by `data`: temporary file beside it, fsync, rename, fsync of the folder.

    Raises:
        RunStoreError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(mode)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as cause:
        raise RunStoreError(
            f"cannot write {path} ({cause.strerror}); free space or choose another folder with PERF_RUNS_DIR"
        ) from cause


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
