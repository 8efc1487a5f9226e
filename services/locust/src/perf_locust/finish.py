"""The end of a run, step by step: freeze, compare, render, store, notify. Runs in a native thread."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from perf_core.adapters.smtp import SmtpSettings, send
from perf_core.compare import compare_runs
from perf_core.compare.comparison import RunComparison
from perf_core.compare.exit_code import exit_code
from perf_core.errors import PerfError
from perf_core.model.run import FinishStep, RunInfo
from perf_core.model.series import Recording
from perf_core.model.verdict import RunState
from perf_core.report import write_reports
from perf_core.report.email import build_message
from perf_core.runstore import RunFolder, RunStore
from perf_locust.validity import Incidents, judge

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is over: its facts, its comparison and the exit code they make."""

    info: RunInfo
    comparison: RunComparison
    exit_code: int


def finish(
    store: RunStore, info: RunInfo, baseline: RunInfo | None, incidents: Incidents, *, strict: bool
) -> Finished:
    """Judge and report a run whose samples are all on disk; each step is recorded in run.json.

    Raises:
        PerfError: the run cannot be judged at all.
    """
    paperwork = _Paperwork(store.folder(info.id), info)
    current = paperwork.step("freeze", lambda: _freeze(paperwork.folder, paperwork.info, incidents))
    paperwork.info = replace(current.info, finish_steps=paperwork.info.finish_steps)
    current = replace(
        current, info=replace(current.info, state=RunState.FINISHED)
    )  # run.json says so when all is done
    before = None if baseline is None else paperwork.step("baseline", lambda: store.load(baseline.id))
    comparison = paperwork.step("compare", lambda: compare_runs(current, before))
    paperwork.attempt("render", lambda: write_reports(paperwork.folder.path, comparison, current, before))
    paperwork.info = replace(
        paperwork.info,
        state=RunState.FINISHED,
        verdict=comparison.verdict,
        baseline=None if baseline is None else baseline.id,
    )
    paperwork.attempt("notify", lambda: _notify(paperwork.folder, comparison, os.environ))
    paperwork.step("store", lambda: None)
    return Finished(paperwork.info, comparison, exit_code(paperwork.info, comparison, strict=strict))


class _Paperwork:
    """Does steps and writes down how they went."""

    def __init__(self, folder: RunFolder, info: RunInfo) -> None:
        self.folder, self.info = folder, info

    def step(self, name: str, work: Callable[[], T]) -> T:
        """Do a step that the run cannot be judged without."""
        try:
            result = work()
        except PerfError as cause:
            self._note(FinishStep(name, ok=False, detail=str(cause)))
            raise
        self._note(FinishStep(name, ok=True))
        return result

    def attempt(self, name: str, work: Callable[[], object]) -> None:
        """Do a step whose failure leaves the verdict as it is."""
        try:
            work()
        except (PerfError, OSError) as cause:
            log.error("finish.step_failed: %s: %s", name, cause)  # noqa: TRY400  the sentence says it all
            self._note(FinishStep(name, ok=False, detail=str(cause)))
        else:
            self._note(FinishStep(name, ok=True))

    def _note(self, step: FinishStep) -> None:
        self.info = replace(self.info, finish_steps=(*self.info.finish_steps, step))
        self.folder.write_info(self.info)


def _freeze(folder: RunFolder, info: RunInfo, incidents: Incidents) -> Recording:
    recording = folder.load()
    judgement = judge(recording, incidents)
    frozen = replace(
        info,
        ended=info.ended or time.time(),
        requests=recording.requests,
        failures=recording.failures,
        validity=judgement.validity,
        validity_reasons=judgement.reasons,
    )
    return replace(recording, info=frozen)


def _notify(folder: RunFolder, comparison: RunComparison, environment: Mapping[str, str]) -> None:
    settings = SmtpSettings.from_environment(environment)
    if settings is None:
        return
    report = folder.path / "report.html"
    html = report.read_text(encoding="utf-8") if report.exists() else None
    send(settings, build_message(comparison, html, settings.sender, settings.recipients))
