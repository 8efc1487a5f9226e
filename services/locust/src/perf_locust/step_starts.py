"""Starts of an arrival rate that were due and dropped in one step of a search."""

import math
from dataclasses import dataclass, field, replace

from perf_core.model.frame import Frame
from perf_locust.live import dropped_for_users, grown


@dataclass(slots=True)
class StepStarts:
    """Starts of an arrival rate in one step, without those of the step before, whose frames come when it is over."""

    due: int = 0
    dropped: int = 0
    _since: float = math.inf
    _last: dict[str, Frame] = field(default_factory=dict)

    def begin(self, since: float) -> None:
        """Count from zero what happens after `since` (Unix seconds)."""
        self.due = self.dropped = 0
        self._since = since

    def add(self, frame: Frame) -> None:
        """Take a frame of the run."""
        before, self._last[frame.worker] = self._last.get(frame.worker), replace(frame, rows=(), intended=())
        if before is not None and before.cut_at >= self._since:
            self.due += grown(before.gauges, frame.gauges, "arrivals_due")
            self.dropped += dropped_for_users(before.gauges, frame.gauges)
