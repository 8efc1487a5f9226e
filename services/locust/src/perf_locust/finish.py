"""The end of a run, step by step: freeze, compare, render, notify, store. Blocks; runs in a native thread.

Every step is written into run.json when it is done. A run whose master died on the way is given to `finish` again:
what is written is not done again, and what is done again changes nothing - files are replaced as a whole, and the
outbox takes one message per run and channel.
"""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from perf_core.compare import compare_runs
from perf_core.compare.comparison import RunComparison
from perf_core.compare.exit_code import FAILED, exit_code
from perf_core.errors import PerfError, RunStoreError
from perf_core.model.run import FinishStep, RunInfo
from perf_core.model.series import Recording
from perf_core.model.verdict import RunState
from perf_core.notify import Courier
from perf_core.notify.prune import prune_as_configured
from perf_core.report import write_reports
from perf_core.report.links import run_links
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.target_file import write_target
from perf_locust.target_readings import read_target
from perf_locust.validity import Incidents, judge

log = logging.getLogger(__name__)
T = TypeVar("T")

FREEZE, TARGET, COMPARE, RENDER, NOTIFY, STORE = "freeze", "target", "compare", "render", "notify", "store"


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is over: its facts, its comparison and the exit code they make."""

    info: RunInfo
    comparison: RunComparison
    exit_code: int


@dataclass(frozen=True, slots=True)
class _Sets:
    """Further runs of either side."""

    repeats: tuple[Recording, ...]
    more_baselines: tuple[Recording, ...]


def is_open(info: RunInfo) -> bool:
    """Return whether the end of the run has not been gone through to its last step."""
    begun = info.state is RunState.INTERRUPTED and bool(info.finish_steps)
    return info.state is RunState.RUNNING or (begun and not _is_done(info, STORE))


def finish(
    store: RunStore, info: RunInfo, baseline: RunInfo | None, incidents: Incidents, *, strict: bool
) -> Finished:
    """Judge and report a run whose samples are all on disk, or go on where an earlier attempt ended.

    Once frozen, facts, baseline and validity are those in run.json. The state becomes FINISHED, or stays INTERRUPTED.

    Raises:
        PerfError: the run cannot be judged at all.
    """
    folder = store.folder(info.id)
    on_disk = folder.read_info()
    if _is_done(on_disk, FREEZE):
        paperwork, current = _Paperwork(folder, on_disk), folder.load()
    else:
        paperwork = _Paperwork(folder, replace(info, baseline=baseline.id if baseline else None))
        current = paperwork.step(FREEZE, lambda: _freeze(folder, paperwork.info, incidents))
    over = RunState.INTERRUPTED if info.state is RunState.INTERRUPTED else RunState.FINISHED
    current = replace(current, info=replace(current.info, state=over))  # run.json says so when all is done
    if os.environ.get("PERF_PROMETHEUS_URL"):
        paperwork.attempt(TARGET, lambda: write_target(folder.path, read_target(paperwork.info, os.environ)))
    before = _baseline(store, paperwork)
    sets = _Sets(_usable(store, paperwork, paperwork.info.repeats), ())
    if before is not None:
        sets = replace(sets, more_baselines=_usable(store, paperwork, paperwork.info.more_baselines))
    comparison = paperwork.step(COMPARE, lambda: _compare(current, before, sets, paperwork))
    paperwork.attempt(RENDER, lambda: _render(folder, comparison, current, before))
    paperwork.attempt(NOTIFY, lambda: None if paperwork.info.quiet else Courier(store).enqueue(comparison))
    paperwork.info = replace(
        paperwork.info, state=over, verdict=comparison.verdict, baseline=before.info.id if before else None
    )
    paperwork.step(STORE, lambda: None)
    _let_old_runs_go(store, paperwork.info)
    code = FAILED if paperwork.problem else exit_code(paperwork.info, comparison, strict=strict)
    return Finished(paperwork.info, comparison, code)


class _Paperwork:
    """Does steps and writes down how they went; a volume that cannot be written does not stop the judging."""

    def __init__(self, folder: RunFolder, info: RunInfo) -> None:
        self.folder, self.info = folder, info
        self.problem = ""
        """Why the exit code is that of a failure of ours, whatever the verdict says; empty when all went well."""

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Do a step that the run cannot be judged without."""
        try:
            result = work()
        except PerfError as cause:
            self._note(FinishStep(name, ok=False, detail=str(cause)))
            raise
        if isinstance(result, Recording):
            self.info = result.info
        self._note(FinishStep(name, ok=True))
        return result

    def attempt(self, name: str, work: Callable[[], object]) -> None:
        """Do a step whose failure leaves the verdict as it is; one that is done already is left out."""
        if _is_done(self.info, name):
            return
        try:
            work()
        except (PerfError, OSError) as cause:
            log.error("finish.step_failed: %s: %s", name, cause)  # noqa: TRY400  the sentence says it all
            self._note(FinishStep(name, ok=False, detail=str(cause)))
        except Exception as cause:  # whatever is wrong with a report or a mail, the run is kept
            log.exception("finish.step_failed: %s", name)
            self._note(FinishStep(name, ok=False, detail=f"{type(cause).__name__}: {cause}"))
        else:
            self._note(FinishStep(name, ok=True))

    def _note(self, step: FinishStep) -> None:
        steps = {each.name: each for each in self.info.finish_steps} | {step.name: step}
        self.info = replace(self.info, finish_steps=tuple(steps.values()))
        try:
            self.folder.write_info(self.info)
        except RunStoreError as cause:
            self.problem = str(cause)
            log.error("finish.not_written: %s: %s", step.name, cause)  # noqa: TRY400  the sentence says it all


def _is_done(info: RunInfo, name: str) -> bool:
    return any(step.name == name and step.ok for step in info.finish_steps)


def _freeze(folder: RunFolder, info: RunInfo, incidents: Incidents) -> Recording:
    recording = folder.load()
    judgement = judge(recording, incidents)
    frozen = replace(
        info,
        ended=info.ended or time.time(),
        requests=recording.requests,
        lost_requests=info.lost_requests + recording.dropped,
        failures=recording.failures,
        validity=judgement.validity,
        validity_reasons=judgement.reasons,
    )
    return replace(recording, info=frozen)


def _baseline(store: RunStore, paperwork: _Paperwork) -> Recording | None:
    """Return the baseline's recording; one that has become unusable is a problem, the run is reported without it."""
    if paperwork.info.baseline is None:
        return None
    try:
        return store.load(paperwork.info.baseline)
    except PerfError as cause:
        paperwork.problem = f"the baseline cannot be used: {cause}"
        log.error("%s", paperwork.problem)  # noqa: TRY400  the sentence says it all
        return None


def _usable(store: RunStore, paperwork: _Paperwork, ids: tuple[str, ...]) -> tuple[Recording, ...]:
    """Return the recordings of further runs; one that has become unusable is a problem, the others are judged."""
    found = []
    for run_id in ids:
        try:
            found.append(store.load(run_id))
        except PerfError as cause:
            paperwork.problem = f"a run of the set cannot be used: {cause}"
            log.error("%s", paperwork.problem)  # noqa: TRY400  the sentence says it all
    return tuple(found)


def _render(folder: RunFolder, comparison: RunComparison, current: Recording, before: Recording | None) -> None:
    write_reports(folder.path, comparison, current, before, run_links(current.info, os.environ))


def _let_old_runs_go(store: RunStore, info: RunInfo) -> None:
    """Apply retention when a run was added; that it fails is no news of this run."""
    kept = tuple(each for each in (info.id, info.baseline, *info.more_baselines, *info.repeats) if each)
    try:
        prune_as_configured(store, os.environ, keeping=kept)
    except PerfError as cause:
        log.error("finish.retention: %s", cause)  # noqa: TRY400  the sentence says it all


def _compare(current: Recording, before: Recording | None, sets: _Sets, paperwork: _Paperwork) -> RunComparison:
    comparison = compare_runs(current, before, repeats=sets.repeats, more_baselines=sets.more_baselines)
    if not paperwork.problem:
        return comparison
    return replace(comparison, warnings=(*comparison.warnings, paperwork.problem))
