"""Bringing frames into the log of a run that nobody writes any more: from spools, or from a worker that came late."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from perf_core.errors import DamagedRunError, RunStoreError
from perf_core.model.frame import Frame
from perf_core.runstore.folder import RunFolder
from perf_core.runstore.frame_codec import decode_frame
from perf_core.runstore.frame_log import append, record, scan
from perf_core.runstore.spool import SpoolContents, claim, left_spools

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge added to a log: frames, requests, and the workers they are of."""

    frames: int = 0
    requests: int = 0
    workers: tuple[str, ...] = ()


def merge_frames(folder: RunFolder, payloads: Iterable[bytes]) -> Merged:
    """Append the frames that the run's log lacks, cutting a torn tail; the caller holds the run's lock.

    Raises:
        RunStoreError: the volume refuses.
    """
    found = scan(folder.frames_log)
    known = {(frame.worker, frame.seq) for frame in map(decode_frame, found.payloads)}
    lacking: dict[tuple[str, int], tuple[Frame, bytes]] = {}
    for payload in payloads:
        frame = decode_frame(payload)
        if (frame.worker, frame.seq) not in known:
            lacking[frame.worker, frame.seq] = frame, payload
    if lacking:
        try:
            append(folder.frames_log, found.good_bytes, b"".join(record(payload) for _, payload in lacking.values()))
        except OSError as cause:
            raise RunStoreError(f"cannot write {folder.frames_log} ({cause.strerror}); free space") from cause
    frames = [frame for frame, _ in lacking.values()]
    workers = tuple(sorted({frame.worker for frame in frames}))
    return Merged(len(frames), sum(frame.requests for frame in frames), workers)


def merge_spools(folder: RunFolder, spool_dir: Path) -> Merged:
    """Append what the spools of dead workers have and the run's log lacks, then remove them.

    Raises:
        RunStoreError: the volume refuses; the spools are kept.
    """
    with ExitStack() as claims:
        claimed = dict(_claimed(claims, left_spools(spool_dir, folder.id)))
        merged = merge_frames(folder, [frame for spool in claimed.values() for frame in spool.frames])
        for path in claimed:
            path.unlink(missing_ok=True)
    remove_if_empty(spool_dir / folder.id)
    return merged


def remove_if_empty(folder: Path) -> None:
    """Remove a folder that holds nothing."""
    try:
        folder.rmdir()
    except OSError:
        return


def _claimed(claims: ExitStack, paths: Iterable[Path]) -> Iterator[tuple[Path, SpoolContents]]:
    for path in paths:
        try:
            contents = claims.enter_context(claim(path))
        except DamagedRunError as cause:
            log.warning("%s", cause)
            continue
        if contents is not None:
            yield path, contents
