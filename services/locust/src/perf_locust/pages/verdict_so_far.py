"""What the run that is on would be judged as if it ended now: from its samples on disk, in a native thread."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from perf_core.compare import compare_runs
from perf_core.compare.comparison import RunComparison
from perf_core.errors import PerfError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import Validity
from perf_core.runstore import RunStore
from perf_locust.native_thread import in_native_thread
from perf_locust.run_session import RunSession
from perf_locust.validity import Incidents, judge

EVERY = 10.0
"""Seconds between two looks at least ..."""
SPARING = 20.0
"""... and times the seconds that a look takes: it shares the master's processor with a run that is on."""


@dataclass(frozen=True, slots=True)
class SoFar:
    """The judgement of an unfinished run; `at` is Unix seconds, `problem` says why there is no comparison."""

    run_id: str
    at: float
    comparison: RunComparison | None = None
    validity: Validity = Validity.VALID
    reasons: tuple[str, ...] = ()
    problem: str = ""


class VerdictSoFar:
    """Judges the run that is on, not more often than it can afford to, and only when somebody looks."""

    def __init__(self, store: RunStore, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing."""
        self._store, self._clock = store, clock
        self._latest: SoFar | None = None
        self._next = 0.0

    def of(self, session: RunSession) -> SoFar:
        """Return the latest judgement of the run, made anew when the last one is old."""
        began = self._clock()
        if self._latest is not None and self._latest.run_id == session.info.id and began < self._next:
            return self._latest
        self._next = began + EVERY  # whoever asks meanwhile gets the last one
        info, incidents = session.info, session.incidents()
        self._latest = in_native_thread(_look, self._store, info, incidents)
        self._next = self._clock() + max(EVERY, SPARING * (self._clock() - began))
        return self._latest


def _look(store: RunStore, info: RunInfo, incidents: Incidents) -> SoFar:
    now = time.time()
    try:
        recording = store.load(info.id)
        if not recording.requests:
            return SoFar(info.id, now, problem="no request is on disk yet")
        recording = replace(recording, info=replace(info, ended=now, requests=recording.requests))
        judgement = judge(recording, incidents)
        baselines = [store.load(each) for each in (info.baseline, *info.more_baselines) if each is not None]
        comparison = compare_runs(
            recording,
            baselines[0] if baselines else None,
            repeats=[store.load(each) for each in info.repeats],
            more_baselines=baselines[1:],
        )
    except PerfError as cause:
        return SoFar(info.id, now, problem=str(cause))
    return SoFar(info.id, now, comparison, judgement.validity, judgement.reasons)
