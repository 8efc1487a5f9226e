"""`perf-platform baseline`: choose which run, or set of runs, others of its scenario are judged against."""

import argparse
import getpass
import json
from dataclasses import asdict

from perf_cli.master_client import MasterClient
from perf_cli.remote import add_master_options, master_of
from perf_core.runstore import Promotion, RunStore
from perf_core.runstore.promoting import change_baseline, promotions

EXAMPLE = "perf-platform baseline set 20261124-101500-3f9a"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(
        dest="action", required=True, metavar="set|add|remove|show|clear|protect|unprotect"
    )
    promote = actions.add_parser("set", help="promote a run; it replaces what was the baseline")
    add = actions.add_parser("add", help="add a run of the same build: noise between runs is learnt from a set")
    for action in (promote, add):
        action.add_argument("run", help="run id, or latest: the newest run that is over")
        action.add_argument("--force", action="store_true", help="also one that is SUSPECT, INVALID or not finished")
    remove = actions.add_parser("remove", help="take a run out of the baseline")
    remove.add_argument("run", help="run id, or latest: the newest run that is over")
    show = actions.add_parser("show", help="show the baseline of a scenario, or of all")
    show.add_argument("scenario", nargs="?")
    show.add_argument("--json", action="store_true", help="print an array and nothing else")
    clear = actions.add_parser("clear", help="forget the baseline of a scenario")
    clear.add_argument("scenario")
    protect = actions.add_parser("protect", help="keep a run whatever its age; the promoted one is kept anyway")
    protect.add_argument("run", help="run id, or latest: the newest run that is over")
    unprotect = actions.add_parser("unprotect", help="let retention decide about a run again")
    unprotect.add_argument("run", help="run id, or latest: the newest run that is over")
    for action in (promote, add, remove, show, clear, protect, unprotect):
        add_master_options(action)


def run(options: argparse.Namespace) -> int:
    """Do the action."""
    master = master_of(options)
    if options.action == "show":
        _show(_promotions(master), options)
        return 0
    wanted = {name: getattr(options, name) for name in ("action", "run", "scenario") if getattr(options, name, None)}
    wanted |= {"by": getpass.getuser(), "force": "yes" if getattr(options, "force", False) else "no"}
    if master is None:
        print(change_baseline(RunStore.from_environment(), wanted))
    else:
        print(master.post("/perf/baseline", wanted)["said"])
    return 0


def _promotions(master: MasterClient | None) -> list[Promotion]:
    if master is None:
        return promotions(RunStore.from_environment())
    return [Promotion.from_document(each) for each in master.get("/perf/baseline")["baselines"]]


def _show(known: list[Promotion], options: argparse.Namespace) -> None:
    found = [each for each in known if options.scenario in (None, each.scenario)]
    if options.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
        return
    for each in found:
        print(f"{each.scenario}: {', '.join(each.run_ids)} (promoted by {each.by})")
    if not found:
        print("no baseline is set; promote a run with `perf-platform baseline set RUN`")
