"""Retention that knows the outbox: a run whose message waits is kept, one that goes takes its entries along."""

import time
from collections.abc import Mapping

from perf_core.model.run import RunInfo
from perf_core.notify.outbox import Outbox
from perf_core.runstore import RunStore
from perf_core.runstore.retention import Retention, delete, past_retention, sweep


def prune(
    store: RunStore, retention: Retention, *, keeping: tuple[str, ...] = (), dry: bool = False
) -> tuple[RunInfo, ...]:
    """Delete the runs past retention and return them; `dry` only returns them.

    Raises:
        RunStoreError: a folder cannot be deleted.
    """
    outbox = Outbox(store.root)
    waiting = {entry.run_id for entry in outbox.entries() if entry.next_at is not None}
    past = past_retention(store, retention, time.time(), {*waiting, *keeping})
    if not dry:
        sweep(store)
        for run in past:
            delete(store, run.id)
            outbox.remove(run.id)
    return past


def prune_as_configured(store: RunStore, environment: Mapping[str, str], *, keeping: tuple[str, ...]) -> None:
    """Delete what PERF_RETENTION_DAYS and PERF_RETENTION_RUNS say; without them nothing.

    Raises:
        PerfError: a setting makes no sense, or a folder cannot be deleted.
    """
    retention = Retention.from_environment(environment)
    if retention != Retention():
        prune(store, retention, keeping=keeping)
