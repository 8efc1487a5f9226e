"""The worker's end of the transport: frames are kept until the master says they are on its disk."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from perf_core.model.frame import Frame
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.spool import Spool
from perf_locust.limits import own_limits
from perf_locust.process_id import own_process

RESEND_AFTER = 3.0
"""Seconds without acknowledgement after which a frame is sent again."""
MOST_BYTES = 64 << 20
"""Frames that wait for a master may take so much memory; the oldest are dropped, and their requests counted."""


class Envelope(TypedDict):
    """Frames of one run on their way to the master."""

    run: str
    process: str
    limits: NotRequired[str]
    frames: list[bytes]


@dataclass(slots=True)
class _Waiting:
    data: bytes
    requests: int
    sent_at: float | None = None


class Outbound:
    """Frames of one run that are not yet acknowledged, in order."""

    def __init__(self, run_id: str, spool: Spool, most_bytes: int = MOST_BYTES) -> None:
        """Begin with no frame."""
        self.run_id = run_id
        self._spool, self._room = spool, most_bytes
        self._process, self._limits = own_process(), own_limits()
        self._waiting: OrderedDict[int, _Waiting] = OrderedDict()
        self.dropped = 0
        """Requests dropped since the start."""

    def add(self, frame: Frame) -> None:
        """Keep a frame until it is acknowledged."""
        data = encode_frame(frame)
        self._waiting[frame.seq] = _Waiting(data, frame.requests)
        self._spool.keep(data, (each.data for each in self._waiting.values()))
        self._room -= len(data)
        while self._room < 0 and len(self._waiting) > 1:
            _, oldest = self._waiting.popitem(last=False)
            self._room += len(oldest.data)
            self.dropped += oldest.requests

    def due(self) -> Envelope | None:
        """Return the frames to send now: new ones, and old ones that were not acknowledged in time."""
        now = time.monotonic()
        due = [each for each in self._waiting.values() if each.sent_at is None or now - each.sent_at > RESEND_AFTER]
        for each in due:
            each.sent_at = now
        if not due:
            return None
        frames = [each.data for each in due]
        return {"run": self.run_id, "process": self._process, "limits": self._limits, "frames": frames}

    def acknowledge(self, seqs: list[int]) -> None:
        """Forget frames that are on the master's disk."""
        for seq in seqs:
            gone = self._waiting.pop(seq, None)
            if gone is not None:
                self._room += len(gone.data)

    @property
    def requests(self) -> int:
        """Requests in the frames that wait."""
        return sum(each.requests for each in self._waiting.values())

    @property
    def empty(self) -> bool:
        """Whether everything is on the master's disk."""
        return not self._waiting
