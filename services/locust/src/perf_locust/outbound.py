"""The worker's end of the transport: frames are kept until the master says they are on its disk."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TypedDict

from perf_core.model.frame import Frame
from perf_core.runstore.frame_codec import encode_frame

RESEND_AFTER = 3.0
"""Seconds without acknowledgement after which a frame is sent again."""


class Envelope(TypedDict):
    """Frames of one run on their way to the master."""

    run: str
    frames: list[bytes]


@dataclass(slots=True)
class _Waiting:
    data: bytes
    sent_at: float | None = None


class Outbound:
    """Frames of one run that are not yet acknowledged, in order."""

    def __init__(self, run_id: str) -> None:
        """Begin with no frame."""
        self.run_id = run_id
        self._waiting: OrderedDict[int, _Waiting] = OrderedDict()

    def add(self, frame: Frame) -> None:
        """Keep a frame until it is acknowledged."""
        self._waiting[frame.seq] = _Waiting(encode_frame(frame))

    def due(self) -> Envelope | None:
        """Return the frames to send now: new ones, and old ones that were not acknowledged in time."""
        now = time.monotonic()
        due = [each for each in self._waiting.values() if each.sent_at is None or now - each.sent_at > RESEND_AFTER]
        for each in due:
            each.sent_at = now
        return {"run": self.run_id, "frames": [each.data for each in due]} if due else None

    def acknowledge(self, seqs: list[int]) -> None:
        """Forget frames that are on the master's disk."""
        for seq in seqs:
            self._waiting.pop(seq, None)

    @property
    def empty(self) -> bool:
        """Whether everything is on the master's disk."""
        return not self._waiting
