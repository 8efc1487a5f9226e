"""The runs of a scenario in the order of time, each with its figures."""

import logging
from dataclasses import dataclass

from perf_core.compare import compare_runs
from perf_core.compare.comparison import EndpointFigures, RunComparison
from perf_core.compare.document import read_comparison
from perf_core.errors import PerfError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity
from perf_core.runstore import RunStore

log = logging.getLogger(__name__)

NEWEST = 100
"""Runs that are looked at; what is older has no news."""


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run: its facts and what it measured at each endpoint."""

    info: RunInfo
    endpoints: dict[EndpointKey, EndpointFigures]


@dataclass(frozen=True, slots=True)
class History:
    """The runs of one scenario, oldest first."""

    scenario: str
    runs: tuple[RunFigures, ...]


def scenario_history(store: RunStore, scenario: str, last: int = NEWEST) -> History:
    """Return the newest `last` runs that are over and not INVALID; a run that cannot be read is left out."""
    runs = [
        run
        for run in store.list()
        if run.scenario == scenario and run.state is not RunState.RUNNING and run.validity is not Validity.INVALID
    ]
    figures = (_figures(store, run) for run in reversed(runs[:last]))
    return History(scenario, tuple(each for each in figures if each is not None and each.endpoints))


def with_run(history: History, info: RunInfo, comparison: RunComparison) -> History:
    """Return the history as it was when this run ended, this run being its last."""
    begun = info.started or 0.0
    before = [run for run in history.runs if run.info.id != info.id and (run.info.started or 0.0) <= begun]
    own = RunFigures(info, _current_figures(comparison))
    return History(history.scenario, (*before, *([own] if own.endpoints else [])))


def _current_figures(comparison: RunComparison) -> dict[EndpointKey, EndpointFigures]:
    return {each.key: each.current for each in comparison.endpoints if each.current}


def _figures(store: RunStore, run: RunInfo) -> RunFigures | None:
    folder = store.folder_of(run.id)
    try:
        stored = read_comparison(folder.path / "comparison.json")
        if stored.current.id == run.id:
            return RunFigures(run, _current_figures(stored))
    except PerfError:
        log.debug("history.no_comparison", extra={"run_id": run.id})
    try:
        alone = compare_runs(folder.load(), None)
    except PerfError as cause:
        log.warning("history.unreadable: %s", cause)
        return None
    return RunFigures(run, _current_figures(alone))
