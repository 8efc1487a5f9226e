"""`perf-platform ab`: the same load alternates between two versions in short blocks, and the one judges the other."""

import argparse
import random
import sys
from collections.abc import Callable
from contextlib import ExitStack

from perf_cli.ab_side import Side, await_services, start_service
from perf_cli.ab_turns import Turns, take_turns
from perf_cli.judging_options import add_judging_options, judging_settings
from perf_cli.locust_processes import check_locustfiles
from perf_cli.master_client import MasterClient
from perf_cli.processes import Processes
from perf_cli.remote import add_master_options, master_of, push, report_url
from perf_cli.run_options import RunOptions, configure
from perf_cli.threshold_options import add_threshold_option
from perf_core.errors import PerfError, UsageError
from perf_core.model.plan import RunPlan
from perf_core.runstore import RunStore, new_run_id
from perf_core.units import parse_duration

EXAMPLE = (
    "perf-platform ab -f locustfile.py --users 20 --run-time 10m \\\n"
    "    --baseline-cmd 'serve-old --port {port}' --current-cmd 'serve-new --port {port}'"
)
RUN_TIME = 600.0
START = 60.0
"""Seconds in which a service that we start must answer."""
SHORTEST = 3
FEWEST_PAIRS = 6
SIDES = ("baseline", "current")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; what follows `--` goes to Locust unchanged."""
    add = parser.add_argument
    add("-f", "--locustfile", help="locustfile, several with commas, or a folder (default: Locust's)")
    for side in SIDES:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            f"--{side}-host", metavar="URL", help=f"base URL of the {side} version, which runs already"
        )
        which.add_argument(
            f"--{side}-cmd", metavar="CMD", help=f"command that serves the {side} version on the port {{port}}"
        )
    add("-u", "--users", help="users at once (default: Locust's, 1)")
    add("-r", "--spawn-rate", help="users started per second (default: all within 2 s)")
    add("-t", "--run-time", help="length of the test, both sides together (default: 10m)")
    add("-w", "--workers", help="worker processes of each side (default: 1)")
    add("--block", default="10s", metavar="TIME", help="length of a block, whole seconds from 3s on (default: 10s)")
    add("--warm-up", type=int, default=1, metavar="N", help="pairs of blocks before those that count (default: 1)")
    add("--seed", type=int, help="of the order of the blocks (default: another one each time)")
    add("--scenario", help="what makes runs comparable (default: the locustfile's name)")
    add("--label", action="append", metavar="K=V", help="note on both runs; repeatable")
    add("--wait", metavar="TIME", help="wait this long until both accept connections (default: 60s with a command)")
    add("--strict", action="store_true", default=None, help="end with 4 when noise hides the answer")
    add_judging_options(parser)
    add_threshold_option(parser)
    add("--config", metavar="FILE", help="configuration file (default: perf-platform.toml beside the locustfile)")
    add("--json", action="store_true", help="print the comparison as JSON and nothing else")
    add_master_options(parser, "give both runs and the report to this master as well")


def run(options: argparse.Namespace) -> int:
    """Alternate, judge and return the exit code of the verdict."""
    from perf_cli.ab_verdict import judge, show

    # What is ours, or another thing here.
    apart = dict.fromkeys(("host", "baseline", "repeat", "shape", "warm_up", "sigma_run", "sigma_endpoint"))
    configured = configure(argparse.Namespace(**{**vars(options), **apart}))
    keeper = master_of(options)
    check_locustfiles(configured.locustfile)
    if configured.locust.bind_port is not None:
        raise UsageError("ab starts two masters, which cannot share a port; leave --master-bind-port out")
    turns = _turns(options, configured)
    store, say = RunStore.from_environment(), _silent if options.json else _say
    with ExitStack() as parts:
        services = parts.enter_context(Processes(guarded=True))
        hosts = _hosts(services, options)
        wait = configured.configuration.number("wait")
        await_services(services, hosts, wait or START)
        ids = {name: new_run_id() for name in SIDES}
        sides = [
            Side(name, hosts[name], parts.enter_context(Processes()), store.folder_of(ids[name])) for name in SIDES
        ]
        for side in sides:
            say(f"{side.name} {side.host} is run {side.folder.id}")
            side.begin(configured, _plan(configured, side, wait))
        infos = take_turns(sides[0], sides[1], services, turns, say)
    comparison, info = judge(store, infos, configured, turns)
    if keeper is not None:
        _hand_over(store, keeper, tuple(ids.values()), say)
    return show(store, comparison, info, as_json=options.json, strict=bool(configured.configuration["strict"]))


def _hand_over(store: RunStore, keeper: MasterClient, ids: tuple[str, ...], say: Callable[[str], None]) -> None:
    """Give both runs to a master; one that does not take them changes no verdict."""
    try:
        for run_id in ids:
            push(keeper, store.folder(run_id))
        say(f"both runs are kept by the master: {report_url(keeper, ids[-1])}")
    except PerfError as cause:
        sys.stderr.write(f"perf-platform: the runs are here only, {store.root}: {cause}\n")


def _turns(options: argparse.Namespace, configured: RunOptions) -> Turns:
    block = parse_duration(options.block)
    if block < SHORTEST or block != int(block):
        raise UsageError(f"--block is {options.block!r}; give whole seconds, at least {SHORTEST}s")
    if options.warm_up < 0:
        raise UsageError(f"--warm-up is {options.warm_up}; give a number of pairs of blocks, 0 for none")
    length = configured.configuration.number("run_time") or RUN_TIME
    pairs = int(length / (2 * block)) - options.warm_up
    if pairs < FEWEST_PAIRS:
        needed = 2 * block * (FEWEST_PAIRS + options.warm_up)
        raise UsageError(
            f"{length:.0f} s hold {max(pairs, 0)} pairs of blocks of {block:.0f} s that count, {FEWEST_PAIRS} are "
            f"needed; give --run-time {needed:.0f}s, or a shorter --block"
        )
    seed = random.SystemRandom().randrange(1 << 31) if options.seed is None else options.seed
    return Turns(int(block), pairs, options.warm_up, seed)


def _hosts(services: Processes, options: argparse.Namespace) -> dict[str, str]:
    given = {name: (getattr(options, f"{name}_host"), getattr(options, f"{name}_cmd")) for name in SIDES}
    return {name: host or start_service(services, name, command) for name, (host, command) in given.items()}


def _plan(options: RunOptions, side: Side, wait: float | None) -> RunPlan:
    from perf_cli.ab_verdict import live_thresholds

    configuration = options.configuration
    labels = {name: str(value) for name, value in configuration.table("labels").items()}
    return RunPlan(
        run_id=side.folder.id,
        scenario=configuration.text("scenario"),
        baseline="none",
        labels=labels | {"side": side.name},
        thresholds=live_thresholds(options) if side.name == "current" else {},
        policy=judging_settings(configuration),
        wait=wait or 0.0,
        interleaved=True,
        fingerprint={"load_model": "closed, interleaved"},
    )


def _say(text: str) -> None:
    print(text, flush=True)


def _silent(_: str) -> None:
    """Say nothing."""
