"""Latencies from the intended start: what a request of an arrival rate took, and what its start was late by."""

from array import array
from collections import defaultdict

import gevent
import numpy as np

from perf_core.model.frame import FrameKey, FrameRow
from perf_core.model.histogram import Histogram
from perf_core.units import seconds_from_ms

MARK = "_perf_late"
"""Attribute of a user's greenlet: seconds by which its iteration began late."""


class IntendedLatencies:
    """Records in one process; a listener of Locust's `request` event, in the greenlet of the user."""

    def __init__(self) -> None:
        """Begin without requests."""
        self._latencies: defaultdict[tuple[str, str], array[float]] = defaultdict(lambda: array("d"))

    def record(
        self, request_type: str, name: str, response_time: float | None, exception: object = None, **_: object
    ) -> None:
        """Record an answered request of a user that has an intended start."""
        late = getattr(gevent.getcurrent(), MARK, None)
        if late is not None and exception is None and response_time is not None and 0 <= response_time < 1e12:
            self._latencies[request_type, name].append(late + seconds_from_ms(response_time))

    def take(self, second: int) -> tuple[FrameRow, ...]:
        """Return what was recorded since the last call, as rows of this Unix second."""
        taken, self._latencies = self._latencies, defaultdict(lambda: array("d"))
        return tuple(_row(*key, second, np.asarray(values)) for key, values in taken.items())


def _row(
    method: str, name: str, second: int, latencies: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> FrameRow:
    known = Histogram.from_latencies(latencies)
    return FrameRow(
        FrameKey(method, str(name), ""),
        second,
        known.total,
        known.total_time,
        known.minimum,
        known.maximum,
        0,
        known.buckets,
        known.counts,
    )
