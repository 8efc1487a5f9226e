"""The master's book of one run: every frame once, on disk before it is acknowledged."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from perf_core.errors import DamagedRunError
from perf_core.model.frame import Frame
from perf_core.runstore.frame_codec import decode_frame
from perf_locust.log_writer import LogWriter


class Ledger:
    """Takes frames in any order and any number of times."""

    def __init__(self, path: Path, flush_frames: int, flush_seconds: float) -> None:
        """Keep the frames in the log at `path`."""
        self._writer = LogWriter(path, flush_frames, flush_seconds)
        self._seen: defaultdict[str, set[int]] = defaultdict(set)
        self._durable: defaultdict[str, set[int]] = defaultdict(set)
        self.requests = 0
        self.failures = 0
        self.rejected = 0
        self.folded = 0
        self.clock_offsets: dict[str, float] = {}
        self.damaged = 0

    def receive(self, payloads: list[bytes], acknowledge: Callable[[str, list[int]], None]) -> Iterator[Frame]:
        """Yield the frames not seen before; `acknowledge(worker, seqs)` is called when they are on disk."""
        for payload in payloads:
            try:
                frame = decode_frame(payload)
            except DamagedRunError:
                self.damaged += 1
                continue
            if frame.seq not in self._seen[frame.worker]:
                self._enter(frame, payload, acknowledge)
                yield frame
            elif frame.seq in self._durable[frame.worker]:
                acknowledge(frame.worker, [frame.seq])

    def missing(self, worker: str, frames: int) -> int:
        """Return how many of a worker's frames 1..frames never came."""
        return len(set(range(1, frames + 1)) - self._seen[worker])

    def flush(self, timeout: float) -> bool:
        """Wait until everything received is on disk; return whether it is."""
        return self._writer.flush(timeout)

    def close(self) -> list[bytes]:
        """Stop writing; return the frames that never reached the disk."""
        return self._writer.close()

    @property
    def write_error(self) -> str | None:
        """Why the volume refuses at the moment; None when it does not."""
        return self._writer.error

    def _enter(self, frame: Frame, payload: bytes, acknowledge: Callable[[str, list[int]], None]) -> None:
        self._seen[frame.worker].add(frame.seq)
        self.requests += frame.requests
        self.failures += sum(row.count for row in frame.rows if row.key.error_class)
        self.rejected += frame.rejected
        self.folded += frame.folded
        offset = time.time() - frame.cut_at
        self.clock_offsets[frame.worker] = min(offset, self.clock_offsets.get(frame.worker, offset))

        def durable() -> None:
            self._durable[frame.worker].add(frame.seq)
            acknowledge(frame.worker, [frame.seq])

        self._writer.append(payload, durable)
