"""`perf-platform pace`: change pacing, users and mix of the run that is on."""

import argparse
import getpass
import json
import os
import sys
from typing import Any

from perf_cli.keys import positive_number, whole_number
from perf_cli.master_client import MasterClient
from perf_cli.remote import add_master_options, master_of
from perf_core.errors import PerfError, UsageError
from perf_core.runstore import RunStore

EXAMPLE = """perf-platform pace 0.5                  each user begins an iteration every 0.5 s
         perf-platform pace --rate 200           200 iterations a second over all users
         perf-platform pace --users 50 --task Shopper.order=20 --source accounts.gold=3
         perf-platform pace --reset              what the locustfile says
         perf-platform pace                      show what is set"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("seconds", nargs="?", help="from start to start of an iteration of each user")
    add("--rate", help="iterations per second over all users, instead of seconds")
    add("--reset", action="store_true", help="give back the locustfile's waiting time and weights")
    add("--users", help="users at once")
    add("--task", action="append", default=[], metavar="TASK=WEIGHT", help="weight of a task; repeatable")
    add("--source", action="append", default=[], metavar="MIX.NAME=WEIGHT", help="weight of test data; repeatable")
    add_master_options(parser, "ask this master instead of that of the run that is on in PERF_RUNS_DIR")


def run(options: argparse.Namespace) -> int:
    """Send it, and print what each worker said; 5 when one did not do it."""
    body = _body(options)
    master = master_of(options) or _master_of_the_run()
    if not body:
        _show(master.get("/perf/pace"))
        return 0
    seen = master.get("/perf/pace")["revision"]
    status = master.post("/perf/pace", body | {"revision": seen, "by": getpass.getuser()})
    _show(status)
    for worker, why in status["refused"].items():
        sys.stderr.write(f"perf-platform: {worker} refused it: {why}\n")
    if status["missing"]:
        missing = ", ".join(status["missing"])
        sys.stderr.write(f"perf-platform: no word from {missing} within 2 s; it is told again until it answers\n")
    return 5 if status["missing"] or status["refused"] else 0


def _show(status: dict[str, Any]) -> None:
    done = [worker for worker, revision in status["acknowledged"].items() if revision >= status["revision"]]
    said = f"; {len(done)} of {len(status['acknowledged'])} workers do so" if status["acknowledged"] else ""
    print(f"pacing: {status['pacing']}{said if status['revision'] else ''}")
    if status["users"] is not None:
        print(f"users: {status['users']}")
    for title, weights in (("tasks", status["tasks"]), *status["sources"].items()):
        print(f"{title}: " + ", ".join(f"{name} {weight:g}" for name, weight in weights.items()))


def _body(options: argparse.Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if options.seconds is not None:
        body["seconds"] = _parsed("SECONDS", options.seconds, positive_number)
    if options.rate is not None:
        body["rate"] = _parsed("--rate", options.rate, positive_number)
    if options.users is not None:
        body["users"] = _parsed("--users", options.users, whole_number)
    for text in options.task:
        name, weight = _weight("--task", text)
        body.setdefault("tasks", {})[name] = weight
    for text in options.source:
        name, weight = _weight("--source", text)
        mix, _, sampler = name.partition(".")
        body.setdefault("sources", {}).setdefault(mix, {})[sampler] = weight
    return body | ({"reset": True} if options.reset else {})


def _parsed(name: str, text: str, parse: Any) -> Any:
    try:
        return parse(text)
    except ValueError as cause:
        raise UsageError(f"{name} is {text!r}; {cause}, or --reset to give back the locustfile's") from cause


def _weight(option: str, text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        weight = float(number)
    except ValueError:
        weight = -1.0
    if not name or not 0 <= weight < float("inf"):
        raise UsageError(f"{option} is {text!r}; write it like Shopper.order=20, with a weight of at least 0")
    return name, weight


def _master_of_the_run() -> MasterClient:
    """Return the master of the only run that is on here."""
    store = RunStore.from_environment()
    doors = sorted(store.root.glob("*/master.json"))
    found = [door for door in map(_read, doors) if door is not None]
    if not found:
        raise PerfError(f"no run is on in {store.root}; start one, or name its master with --master URL")
    if len(found) > 1:
        urls = ", ".join(str(door["url"]) for door in found)
        raise UsageError(f"{len(found)} runs are on; name the master of one with --master: {urls}")
    return MasterClient(str(found[0]["url"]), str(found[0]["token"]))


def _read(path: Any) -> dict[str, Any] | None:
    """Return where a master is, if its process lives."""
    try:
        door: dict[str, Any] = json.loads(path.read_text())
        os.kill(int(door["pid"]), 0)
    except (OSError, ValueError, KeyError):
        return None
    return door
