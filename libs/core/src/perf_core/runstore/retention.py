"""Which runs are kept: by age and by count, never a baseline, a protected run, or one whose end is not over."""

import json
import logging
import shutil
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from perf_core.errors import BaselineError, RunStoreError, UsageError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState
from perf_core.runstore.atomic import write_atomically
from perf_core.runstore.folder import RunFolder
from perf_core.runstore.store import RunStore

log = logging.getLogger(__name__)

_MARK = "protected.json"
GOING = ".deleted-"
"""Prefix of a folder that is being deleted: no run any more, also when the deletion is interrupted."""
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept; None = no limit. A run goes when it is past either limit.

    Attributes:
        seconds: age of a run, from its start.
        runs: newest runs of each scenario.
    """

    seconds: float | None = None
    runs: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Retention":
        """Return what PERF_RETENTION_DAYS and PERF_RETENTION_RUNS say.

        Raises:
            UsageError: one is no number above zero.
        """
        days, runs = (_number(environment, f"PERF_RETENTION_{name}") for name in ("DAYS", "RUNS"))
        return cls(None if days is None else days * _DAY, None if runs is None else max(int(runs), 1))


def protect(folder: RunFolder, by: str) -> None:
    """Keep a run whatever its age.

    Raises:
        RunStoreError: the folder cannot be written.
    """
    document = {"by": by, "at": time.time()}
    write_atomically(folder.path / _MARK, (json.dumps(document, indent=2) + "\n").encode())


def unprotect(folder: RunFolder) -> bool:
    """Let retention decide again; return whether the run was protected."""
    protected = is_protected(folder)
    (folder.path / _MARK).unlink(missing_ok=True)
    return protected


def is_protected(folder: RunFolder) -> bool:
    """Return whether somebody protected the run; the promoted baseline is kept without that."""
    return (folder.path / _MARK).exists()


def past_retention(
    store: RunStore, retention: Retention, now: float, keeping: Collection[str] = ()
) -> tuple[RunInfo, ...]:
    """Return the runs that are past a limit and may go, oldest last; those named in `keeping` stay.

    Runs that are kept for another reason count as runs of their scenario.
    """
    seen: Counter[str] = Counter()
    past = []
    for run in store.list():
        seen[run.scenario] += 1
        many = retention.runs is not None and seen[run.scenario] > retention.runs
        old = retention.seconds is not None and run.started is not None and now - run.started > retention.seconds
        if (many or old) and run.id not in keeping and not _is_needed(store, run):
            past.append(run)
    return tuple(past)


def delete(store: RunStore, run_id: str) -> None:
    """Delete a run as one step: it is whole, or no run any more.

    Raises:
        RunStoreError: the folder cannot be deleted.
    """
    path = store.folder(run_id).path
    going = path.with_name(f"{GOING}{run_id}")
    try:
        shutil.rmtree(going, ignore_errors=True)
        path.rename(going)
        shutil.rmtree(going)
    except OSError as cause:
        raise RunStoreError(
            f"cannot delete {path} ({cause.strerror}); make the folder of the runs writable"
        ) from cause


def sweep(store: RunStore) -> None:
    """Finish deletions that were interrupted."""
    for path in store.root.glob(f"{GOING}*"):
        shutil.rmtree(path, ignore_errors=True)


def _is_needed(store: RunStore, run: RunInfo) -> bool:
    if run.state is RunState.RUNNING or is_protected(store.folder_of(run.id)):
        return True
    try:
        promotion = store.promoted(run.scenario)
    except BaselineError as cause:  # damaged: nobody knows which run it names
        log.warning("retention.promotion_unreadable: %s", cause)
        return True
    return promotion is not None and run.id in promotion.run_ids


def _number(environment: Mapping[str, str], name: str) -> float | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"{name} is '{text}'; set it to a number above zero, or unset it to keep all runs")
    return value
