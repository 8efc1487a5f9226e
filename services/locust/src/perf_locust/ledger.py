"""The master's book of one run: every frame once, on disk before it is acknowledged."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from perf_core.errors import DamagedRunError
from perf_core.model.frame import Frame
from perf_core.runstore.frame_codec import decode_frame
from perf_core.runstore.frame_log import scan
from perf_core.runstore.frame_numbers import FrameNumbers
from perf_locust.log_writer import LogWriter
from perf_locust.messages import MASTER

Acknowledge = Callable[[str, list[int]], None]


@dataclass(slots=True)
class WorkerBook:
    """What is known of one worker: frames seen and on disk, its clock, users and rate when it was last heard of."""

    seen: FrameNumbers = field(default_factory=FrameNumbers)
    durable: FrameNumbers = field(default_factory=FrameNumbers)
    clock_offset: float = float("inf")
    """Seconds by which this machine's clock is ahead of the worker's, with the fastest message; at least."""
    users: int = 0
    most_requests: int = 0


class Ledger:
    """Takes frames in any order and any number of times."""

    def __init__(self, path: Path, elements: int, seconds: float) -> None:
        """Keep the frames in the log at `path`, and know those it holds already."""
        found = scan(path)
        self._writer = LogWriter(path, elements, seconds, found.good_bytes)
        self.workers: defaultdict[str, WorkerBook] = defaultdict(WorkerBook)
        self.requests = 0
        self.failures = 0
        self.damaged = 0
        self._closed = False
        self.added = 0
        """Frames that the log did not hold at the start."""
        for frame in map(decode_frame, found.payloads):
            book = self.workers[frame.worker]
            book.seen.add(frame.seq)
            book.durable.add(frame.seq)
            self._count(frame)

    def receive(self, payloads: list[bytes], acknowledge: Acknowledge) -> Iterator[Frame]:
        """Yield the frames not seen before; `acknowledge(worker, seqs)` is called when they are on disk.

        Frames that find no room because the volume refuses for too long are left with their worker.
        """
        for payload in [] if self._closed else payloads:
            try:
                frame = decode_frame(payload)
            except DamagedRunError:
                self.damaged += 1
                continue
            book = self.workers[frame.worker]
            if frame.seq not in book.seen:
                if not self._writer.full:
                    self._enter(frame, payload, acknowledge)
                    yield frame
            elif frame.seq in book.durable:
                acknowledge(frame.worker, [frame.seq])

    def missing(self, worker: str, frames: int) -> int:
        """Return how many of a worker's frames 1..frames never came."""
        return self.workers[worker].seen.missing(frames)

    def flush(self, timeout: float) -> bool:
        """Wait until everything received is on disk; return whether it is."""
        return self._writer.flush(timeout)

    def close(self) -> list[bytes]:
        """Stop writing; return the frames that never reached the disk."""
        self._closed = True
        return self._writer.close()

    @property
    def write_error(self) -> str | None:
        """Why the volume refuses at the moment; None when it does not."""
        return self._writer.error

    @property
    def clock_skew(self) -> float:
        """Largest distance in seconds between the clocks of two workers."""
        workers = [book for name, book in self.workers.items() if not name.startswith(MASTER)]
        offsets = [book.clock_offset for book in workers if book.clock_offset != float("inf")]
        return max(offsets) - min(offsets) if offsets else 0.0

    def _enter(self, frame: Frame, payload: bytes, acknowledge: Acknowledge) -> None:
        book = self.workers[frame.worker]
        book.seen.add(frame.seq)
        book.clock_offset = min(book.clock_offset, time.time() - frame.cut_at)
        self._count(frame)
        self.added += 1

        def durable() -> None:
            book.durable.add(frame.seq)
            acknowledge(frame.worker, [frame.seq])

        self._writer.append(payload, frame.requests, durable)

    def _count(self, frame: Frame) -> None:
        book, requests = self.workers[frame.worker], frame.requests
        self.requests += requests
        self.failures += sum(row.count for row in frame.rows if row.key.error_class)
        book.users = int(frame.gauges.get("users", book.users))
        book.most_requests = max(book.most_requests, requests)
