"""Thresholds that end a run: held against the last seconds while it is on, once a second, on the master."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import gevent
import numpy as np

from perf_core.compare.threshold import ERROR_RATE, EVERY, RATE, Threshold, parse_thresholds
from perf_core.compare.thresholds import ALL, BROKEN_EVENT, Sample, baseline_figure, breach
from perf_core.errors import PerfError
from perf_core.model.frame import Frame, FrameRow
from perf_core.model.histogram import Histogram, IntArray
from perf_locust.native_thread import in_native_thread
from perf_locust.run_session import RunSession

log = logging.getLogger(__name__)

LAG = 3.0
"""Seconds after which the samples of all workers are here."""
SETTLING = 10
"""Seconds before a threshold over the whole run is held against the run so far."""
STEP = 1.0
_COUNTED = {ERROR_RATE, RATE}
"""Metrics that failed requests have, too."""


@dataclass(slots=True)
class _Second:
    """What was recorded of one endpoint in one second."""

    requests: int = 0
    failures: int = 0
    total_time: float = 0.0
    minimum: float = float("inf")
    maximum: float = 0.0
    buckets: list[IntArray] = field(default_factory=list)
    counts: list[IntArray] = field(default_factory=list)


class ThresholdWatch:
    """Watches one run; `end_run` is called with a sentence, once, when a threshold with `abort` is broken."""

    def __init__(
        self, session: RunSession, end_run: Callable[[], object], asked: tuple[Threshold, ...] | None = None
    ) -> None:
        """Begin to watch; nothing is kept when no threshold of the run can end it.

        With `asked`, watch those instead, and only answer `broken_between`.
        """
        self._session, self._end_run = session, end_run
        aborting = tuple(each for each in parse_thresholds(session.info.thresholds) if each.abort)
        self._watched = aborting if asked is None else asked
        self._latencies = any(each.metric not in _COUNTED for each in self._watched)
        self._kept = max((each.window or float("inf") for each in self._watched), default=0.0)
        self._seconds: defaultdict[int, defaultdict[str, _Second]] = defaultdict(lambda: defaultdict(_Second))
        self._baseline: dict[tuple[str, str | None], float | None] = {}
        self._greenlet = gevent.spawn(self._watch) if self._watched and asked is None else None

    def add(self, frame: Frame) -> None:
        """Take a frame of the run."""
        for row in frame.rows if self._watched else ():
            self._add(row, self._seconds[row.second][f"{row.key.method} {row.key.name}".strip()])

    def broken(self, now: float) -> str | None:
        """Return the sentence of the first threshold that is broken at `now` (Unix seconds)."""
        end, start = int(now - LAG), int(np.ceil(self._session.info.started or now))
        for second in [each for each in self._seconds if each < end - self._kept]:
            del self._seconds[second]
        for threshold in self._watched:
            ready = threshold.metric == ERROR_RATE or self._session.info.ramp_up
            low = start if threshold.metric == ERROR_RATE else start + int(np.ceil(self._session.info.ramp_up))
            wanted = int(threshold.window or SETTLING)
            if not ready or end - low < wanted:
                continue
            low = end - wanted if threshold.window else low
            for name in self._names(threshold):
                sentence = self._breach(threshold, name, low, end, start)
                if sentence:
                    return sentence
        return None

    def broken_between(self, low: int, high: int) -> str | None:
        """Return what is broken in the seconds [low, high) (Unix).

        A threshold without a request in them is broken, one on a latency without an answered one too.
        """
        start = int(np.ceil(self._session.info.started or low))
        for threshold in self._watched:
            names = self._names(threshold)
            for name in names:
                sentence = self._breach(threshold, name, low, high, start)
                if sentence:
                    return sentence
                if not self._asked(threshold, name, low, high):
                    kind = "request" if threshold.metric in _COUNTED else "answered request"
                    return f"{threshold.key}: {name or ALL} had no {kind} from second {low - start} to {high - start}"
            if not names:
                return f"{threshold.key}: there was no request"
        return None

    def _asked(self, threshold: Threshold, name: str | None, low: int, high: int) -> bool:
        seconds = [self._seconds[at] for at in range(low, high) if at in self._seconds]
        return any(
            name in {None, key, key.partition(" ")[2]} and (threshold.metric in _COUNTED or cell.buckets)
            for each in seconds
            for key, cell in each.items()
        )

    def _add(self, row: FrameRow, second: _Second) -> None:
        second.requests += row.count
        if row.key.error_class:
            second.failures += row.count
        elif self._latencies and len(row.buckets):
            second.total_time += row.total_time
            second.minimum, second.maximum = min(second.minimum, row.minimum), max(second.maximum, row.maximum)
            second.buckets.append(row.buckets)
            second.counts.append(row.counts)

    def _names(self, threshold: Threshold) -> Sequence[str | None]:
        if threshold.endpoint != EVERY:
            return [threshold.endpoint]
        return sorted({name for second in self._seconds.values() for name in second})

    def _breach(self, threshold: Threshold, name: str | None, low: int, high: int, start: int) -> str | None:
        seconds = [self._seconds[at] for at in range(low, high) if at in self._seconds]
        cells = [cell for each in seconds for key, cell in each.items() if name in {None, key, key.partition(" ")[2]}]
        when = f" from second {low - start} to {high - start}"
        baseline = self._baseline.get((threshold.key, name))
        return breach(threshold, _sample(cells, float(high - low)), baseline, name or ALL, when)

    def _watch(self) -> None:
        self._learn_baseline()
        while self._session.info.ended is None:
            gevent.sleep(STEP)
            sentence = self.broken(time.time())
            if sentence and self._session.info.ended is None:
                log.error("the run is stopped, a threshold is broken: %s", sentence)
                self._session.happened(BROKEN_EVENT, sentence)
                self._end_run()
                return

    def _learn_baseline(self) -> None:
        relative = [each for each in self._watched if each.limit.relative]
        chosen = self._session.baseline
        if not relative or chosen is None:
            return
        try:
            baseline = in_native_thread(self._session.store.load, chosen.id)
        except PerfError as cause:
            log.warning("thresholds relative to the baseline cannot end this run: %s", cause)
            return
        for threshold in relative:
            names = map(str, baseline.endpoints) if threshold.endpoint == EVERY else [threshold.endpoint]
            for name in names:
                self._baseline[threshold.key, name] = baseline_figure(threshold, baseline, name)


def _sample(cells: Iterable[_Second], seconds: float) -> Sample:
    known = list(cells)
    requests, failures = sum(each.requests for each in known), sum(each.failures for each in known)
    timed = [each for each in known if each.buckets]
    if not timed:
        return Sample(requests, failures, Histogram.empty(), seconds)
    buckets = np.concatenate([array for each in timed for array in each.buckets])
    dense = np.bincount(buckets, weights=np.concatenate([array for each in timed for array in each.counts]))
    used = np.flatnonzero(dense)
    histogram = Histogram(
        used,
        dense[used].astype(np.int64),
        min(each.minimum for each in timed),
        max(each.maximum for each in timed),
        sum(each.total_time for each in timed),
    )
    return Sample(requests, failures, histogram, seconds)
