"""Runs one after another that are judged together: noise between runs is learnt from them."""

from collections.abc import Iterator
from dataclasses import replace

from perf_cli.follow import follow
from perf_cli.locust_processes import start_locusts
from perf_cli.processes import Processes
from perf_cli.run_options import RunOptions
from perf_core.model.plan import RunPlan
from perf_core.model.run import RunInfo
from perf_core.model.verdict import Validity
from perf_core.runstore import RunStore, new_run_id

_ABORTED = "threshold_broken"


def run_series(store: RunStore, options: RunOptions, plan: RunPlan, count: int) -> tuple[str, ...]:
    """Make up to `count` runs; each is judged together with those before it, against the same baseline.

    Fewer are made when one is interrupted, INVALID or ended by a threshold: the rest would be worth nothing.

    Raises:
        PerfError: one did not come to its end.
    """
    made: list[str] = []
    for number in range(1, count + 1):
        own = replace(plan, run_id=new_run_id(), repeats=tuple(made), quiet=number < count)
        if count > 1:
            print(f"run {number} of {count}: {own.run_id}", flush=True)
        with Processes() as processes:
            start_locusts(processes, options, own)
            interrupted = follow(processes, store.folder_of(str(own.run_id)), wait=own.wait)
        made.append(str(own.run_id))
        info = store.folder(made[-1]).read_info()
        if interrupted or _worth_nothing(info):
            break
        plan = replace(plan, baseline=_same_baseline(info))
    return tuple(made)


def series_exit_code(store: RunStore, runs: tuple[str, ...], *, strict: bool) -> int:
    """Return the exit code: the last run has the verdict of all, what went wrong in another one counts as well."""
    codes = list(_codes(store, runs, strict=strict))
    return next((code for code in (6, 3, 4) if code in codes), codes[-1])


def _codes(store: RunStore, runs: tuple[str, ...], *, strict: bool) -> Iterator[int]:
    from perf_core.compare.document import read_comparison
    from perf_core.compare.exit_code import exit_code

    for run_id in runs:
        folder = store.folder(run_id)
        comparison = read_comparison(folder.path / "comparison.json")
        own = comparison if run_id == runs[-1] else replace(comparison, verdict=None, reasons=())
        yield exit_code(folder.read_info(), own, strict=strict)


def _worth_nothing(info: RunInfo) -> bool:
    return info.validity is Validity.INVALID or any(event.kind == _ABORTED for event in info.events)


def _same_baseline(info: RunInfo) -> str:
    """Return what the next run is judged against: what this one was, whatever was promoted or made meanwhile."""
    return ",".join((info.baseline, *info.more_baselines)) if info.baseline else "none"
