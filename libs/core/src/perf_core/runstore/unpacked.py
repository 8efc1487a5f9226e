"""A packed run as a run of the store, like any other."""

from perf_core.errors import RunNotFoundError, RunStoreError
from perf_core.runstore.folder import RunFolder
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.frame_log import write_log
from perf_core.runstore.pack import PackedRun, unpack_set
from perf_core.runstore.store import RunStore


def store_packed(store: RunStore, data: bytes) -> tuple[RunFolder, ...]:
    """Return the folders of the packed runs; each is written unless the store has the run already.

    Raises:
        DamagedRunError: the bytes are no packed run.
        RunStoreError: the folder cannot be written, or holds another run of that id.
    """
    return tuple(_stored(store, each) for each in unpack_set(data))


def _stored(store: RunStore, packed: PackedRun) -> RunFolder:
    folder = store.folder_of(packed.info.id)
    try:
        known = folder.read_info()
    except RunNotFoundError:
        return _written(folder, packed)
    if (known.started, known.requests) != (packed.info.started, packed.info.requests):
        raise RunStoreError(
            f"there is another run {known.id} in {store.root}; remove it or use another PERF_RUNS_DIR"
        )
    return folder


def _written(folder: RunFolder, packed: PackedRun) -> RunFolder:
    """Write the samples before the facts: a folder without run.json is no run."""
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        write_log(folder.frames_log, [encode_frame(packed.frame)])
    except OSError as cause:
        raise RunStoreError(f"cannot write {folder.path} ({cause.strerror}); free space") from cause
    folder.write_info(packed.info)
    return folder
