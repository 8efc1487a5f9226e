"""`perf-platform runs`: list the stored runs, filtered and sorted, or delete old ones."""

import argparse
import json
import time
from collections.abc import Callable

from perf_cli.remote import add_master_options, list_runs, master_of
from perf_core.errors import UsageError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity, Verdict
from perf_core.runstore import RunStore
from perf_core.units import parse_duration

EXAMPLE = "perf-platform runs --scenario checkout --verdict REGRESSED --label branch=main --json"
_SORTS: dict[str, Callable[[RunInfo], float | str]] = {
    "started": lambda run: run.started or 0.0,
    "id": lambda run: run.id,
    "scenario": lambda run: run.scenario,
    "requests": lambda run: run.requests,
    "failures": lambda run: run.failures,
    "verdict": lambda run: str(run.verdict or ""),
}
_DAY = 86400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--scenario", help="only runs of this scenario")
    parser.add_argument(
        "--verdict", type=str.upper, choices=[*map(str, Verdict), "NONE"], help="only with this verdict"
    )
    parser.add_argument("--validity", type=str.upper, choices=list(map(str, Validity)), help="only of this validity")
    parser.add_argument("--state", choices=list(map(str, RunState)), help="only in this state")
    parser.add_argument(
        "--label", action="append", default=[], metavar="K=V", help="only with this label; repeatable"
    )
    parser.add_argument("--since", metavar="AGE", help="only runs started within, e.g. 12h or 7d")
    parser.add_argument("--sort", choices=list(_SORTS), default="started", help="what to sort by (default: started)")
    parser.add_argument("--reverse", action="store_true", help="smallest or oldest first")
    parser.add_argument("--limit", type=int, metavar="N", help="at most this many")
    parser.add_argument("--json", action="store_true", help="print an array and nothing else")
    parser.add_argument(
        "--prune", action="store_true", help="delete what is past --older-than or --keep, and list it"
    )
    parser.add_argument("--older-than", metavar="AGE", help="with --prune: runs older than this, e.g. 90d")
    parser.add_argument("--keep", type=int, metavar="N", help="with --prune: all but the newest N of each scenario")
    parser.add_argument("--dry-run", action="store_true", help="with --prune: delete nothing, only list")
    add_master_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print the runs."""
    store, master = RunStore.from_environment(), master_of(options)
    if options.prune and master is not None:
        raise UsageError("--prune works where the runs are; a master prunes by PERF_RETENTION_DAYS and _RUNS")
    if options.prune:
        runs = _pruned(store, options)
    else:
        runs = _chosen(store.list() if master is None else list_runs(master), options)
    if options.json:
        print(json.dumps([_document(each) for each in runs], indent=2))
    elif not runs and options.prune:
        print("no run is past --older-than or --keep; baselines, protected and open runs are never deleted")
    elif not runs:
        where = f"in {store.root}" if master is None else f"on {master.url}"
        print(f"no runs {where} to list; make one with `perf-platform run` or `perf-platform demo`")
    else:
        print(f"{'id':<22} {'started':<17} {'scenario':<18} {'requests':>9} {'failed':>7} {'verdict':<13} validity")
        for each in runs:
            print(_line(each))
    return 0


def _chosen(listed: list[RunInfo], options: argparse.Namespace) -> list[RunInfo]:
    if options.older_than is not None or options.keep is not None or options.dry_run:
        raise UsageError("--older-than, --keep and --dry-run belong to --prune; add it")
    if options.limit is not None and options.limit < 1:
        raise UsageError(f"--limit is {options.limit}; give a number of runs, at least 1")
    labels = [_label(text) for text in options.label]
    since = None if options.since is None else time.time() - _age(options.since)
    verdict = None if options.verdict == "NONE" else options.verdict
    runs = [
        each
        for each in listed
        if options.scenario in (None, each.scenario)
        and (options.verdict is None or each.verdict == verdict)
        and options.validity in (None, each.validity)
        and options.state in (None, each.state)
        and all(each.labels.get(name) == value for name, value in labels)
        and (since is None or (each.started or 0.0) >= since)
    ]
    return sorted(runs, key=_SORTS[options.sort], reverse=not options.reverse)[: options.limit]


def _pruned(store: RunStore, options: argparse.Namespace) -> list[RunInfo]:
    from perf_core.notify.prune import prune
    from perf_core.runstore.retention import Retention

    if options.older_than is None and options.keep is None:
        raise UsageError("--prune needs --older-than or --keep; e.g. --older-than 90d")
    if options.keep is not None and options.keep < 1:
        raise UsageError(f"--keep is {options.keep}; give a number of runs, at least 1")
    age = None if options.older_than is None else _age(options.older_than)
    return list(prune(store, Retention(age, options.keep), dry=options.dry_run))


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--label {text!r} is not of the form key=value")
    return name, value


def _age(text: str) -> float:
    """Return seconds; days are what histories are measured in."""
    if text.endswith("d") and text[:-1].isdecimal():
        return float(text[:-1]) * _DAY
    return parse_duration(text)


def _document(run: RunInfo) -> dict[str, object]:
    return {
        "id": run.id,
        "started": run.started,
        "ended": run.ended,
        "scenario": run.scenario,
        "target": run.target,
        "state": str(run.state),
        "users": run.users,
        "spawn_rate": run.spawn_rate,
        "run_time": run.run_time,
        "workers": run.workers,
        "requests": run.requests,
        "failures": run.failures,
        "verdict": None if run.verdict is None else str(run.verdict),
        "validity": str(run.validity),
        "validity_reasons": list(run.validity_reasons),
        "low_resolution": run.low_resolution,
        "baseline": run.baseline,
        "labels": run.labels,
    }


def _line(run: RunInfo) -> str:
    started = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started)) if run.started else "-"
    verdict = str(run.verdict or "-")
    resolution = ", low resolution" if run.low_resolution else ""
    counts = f"{run.requests:>9} {run.failures:>7}"
    return f"{run.id:<22} {started:<17} {run.scenario[:18]:<18} {counts} {verdict:<13} {run.validity}{resolution}"
