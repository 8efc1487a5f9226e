"""`perf-platform baseline`: choose which run others of its scenario are judged against."""

import argparse
import getpass
import json
from dataclasses import asdict

from perf_core.errors import BaselineError
from perf_core.runstore import RunStore
from perf_core.runstore.retention import protect, unprotect

EXAMPLE = "perf-platform baseline set 20261124-101500-3f9a"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="set|show|clear|protect|unprotect")
    promote = actions.add_parser("set", help="promote a run")
    promote.add_argument("run", help="run id")
    promote.add_argument("--force", action="store_true", help="also a run that is SUSPECT, INVALID or not finished")
    show = actions.add_parser("show", help="show the baseline of a scenario, or of all")
    show.add_argument("scenario", nargs="?")
    show.add_argument("--json", action="store_true", help="print an array and nothing else")
    clear = actions.add_parser("clear", help="forget the baseline of a scenario")
    clear.add_argument("scenario")
    protect = actions.add_parser("protect", help="keep a run whatever its age; the promoted one is kept anyway")
    protect.add_argument("run", help="run id")
    unprotect = actions.add_parser("unprotect", help="let retention decide about a run again")
    unprotect.add_argument("run", help="run id")


def run(options: argparse.Namespace) -> int:
    """Do the action."""
    store = RunStore.from_environment()
    if options.action == "set":
        promotion = store.promote(store.load(options.run).info, getpass.getuser(), force=options.force)
        print(f"run {promotion.run_id} is now the baseline of scenario '{promotion.scenario}'")
    elif options.action == "clear":
        if not store.clear(options.scenario):
            raise BaselineError(f"scenario '{options.scenario}' has no baseline; see `perf-platform baseline show`")
        print(f"scenario '{options.scenario}' has no baseline any more")
    elif options.action in {"protect", "unprotect"}:
        _protect(store, options)
    else:
        _show(store, options)
    return 0


def _protect(store: RunStore, options: argparse.Namespace) -> None:
    folder = store.folder(options.run)
    if options.action == "protect":
        protect(folder, getpass.getuser())
        print(f"run {folder.id} is kept whatever its age")
    elif unprotect(folder):
        print(f"retention decides about run {folder.id} again")
    else:
        raise BaselineError(f"run {folder.id} is not protected; see `perf-platform baseline show`")


def _show(store: RunStore, options: argparse.Namespace) -> None:
    scenarios = [options.scenario] if options.scenario else sorted({run.scenario for run in store.list()})
    found = [promotion for scenario in scenarios if (promotion := store.promoted(scenario))]
    if options.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    for each in found:
        print(f"{each.scenario}: {each.run_id} (promoted by {each.by})")
    if not found:
        print("no baseline is set; promote a run with `perf-platform baseline set RUN`")
