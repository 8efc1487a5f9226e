"""Making a stored run whole: what spools hold and its log lacks is brought in, and an open run is closed.

Knows nothing of Locust: the command uses it as well as a master.
"""

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

from perf_core.errors import PerfError, RunStoreError
from perf_core.model.run import RunEvent, RunInfo
from perf_core.model.series import Recording
from perf_core.model.verdict import RunState
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.lock import locked
from perf_core.runstore.merge import Merged, merge_spools
from perf_locust.finish import Finished, finish, is_open
from perf_locust.losses import Loss
from perf_locust.validity import Incidents

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did to a run: what it added, and how the run was closed anew, if it was."""

    run_id: str
    merged: Merged
    finished: Finished | None


def repair_run(store: RunStore, run_id: str, spool_dir: Path) -> Repaired:
    """Bring in what spools have, and close the run if it was left open; a second call changes nothing.

    Raises:
        RunStoreError: there is no such run, or a live process writes it.
    """
    folder = store.folder(run_id)
    with locked(folder.path) as ours:
        if not ours:
            raise RunStoreError(f"run {run_id} is on; wait for its end, its master repairs it by itself")
        return close_anew(store, folder, spool_dir)


def close_anew(store: RunStore, folder: RunFolder, spool_dir: Path, late: tuple[str, ...] = ()) -> Repaired:
    """Do the work of `repair_run` for a caller that holds the run's lock; `late` workers' frames are in the log now.

    Raises:
        PerfError: the run cannot be written or judged.
    """
    info = folder.read_info()
    merged = merge_spools(folder, spool_dir)
    recording = folder.read_log(info)
    came = tuple(sorted({*merged.workers, *late}))
    if not came and not is_open(info) and recording.requests == info.requests:
        return Repaired(info.id, merged, None)
    reopened = _reopened(info, recording, came)
    folder.write_info(reopened)
    losses = [_loss(event, recording).told(recovered=_name(event) in came) for event in _lost(info)]
    incidents = Incidents(
        lost_workers=tuple(each.sentence for each in losses), interrupted=reopened.state is RunState.INTERRUPTED
    )
    reopened = replace(reopened, lost_requests=sum(each.requests for each in losses))
    return Repaired(info.id, merged, finish(store, reopened, _baseline(store, info), incidents, strict=False))


def _reopened(info: RunInfo, recording: Recording, came: tuple[str, ...]) -> RunInfo:
    """Return the facts with which the run is gone through to its end once more."""
    events = list(info.events)
    state = RunState.INTERRUPTED if info.state is RunState.INTERRUPTED else RunState.RUNNING
    if info.state is RunState.RUNNING and info.ended is None:
        state = RunState.INTERRUPTED
        events.append(RunEvent(_last_second(recording), "interrupted", "the master ended before the run did"))
    if came:
        events.append(RunEvent(time.time(), "repaired", f"samples of {', '.join(came)} were brought in"))
    ended = info.ended or _last_second(recording)
    return replace(info, state=state, ended=ended, events=tuple(events), finish_steps=())


def _last_second(recording: Recording) -> float:
    seconds = [
        int(side.seconds[-1]) + 1
        for each in recording.endpoints.values()
        for side in (each.ok, each.failed)
        if len(side.seconds)
    ]
    return float(max(seconds, default=int(recording.info.started or time.time())))


def _lost(info: RunInfo) -> tuple[RunEvent, ...]:
    return tuple(event for event in info.events if event.kind == "worker_lost")


def _name(event: RunEvent) -> str:
    return event.text.split(" ", 1)[0]


def _loss(event: RunEvent, recording: Recording) -> Loss:
    worker, _, why = event.text.partition(" ")
    users = [gauge.values[-1] for gauge in recording.gauges if (gauge.name, gauge.source) == ("users", worker)]
    counts = [gauge.values.max() for gauge in recording.gauges if (gauge.name, gauge.source) == ("requests", worker)]
    return Loss(worker, why, int(sum(users)), int(sum(counts)))


def _baseline(store: RunStore, info: RunInfo) -> RunInfo | None:
    if info.baseline is None:
        return None
    try:
        return store.folder(info.baseline).read_info()
    except PerfError as cause:
        log.warning("%s", cause)
        return None
