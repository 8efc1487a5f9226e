"""The turns of an interleaved test: wait until both sides are loaded, announce the blocks, watch, end both."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from perf_cli.ab_side import Side
from perf_cli.processes import Processes
from perf_core.errors import PerfError
from perf_core.model.run import Block, RunInfo
from perf_core.model.schedule import alternate, whole_pairs

NOTICE = 3
"""Seconds between the announcement and the first block: users finish what they do."""
QUIET_STEP = 5.0


@dataclass(frozen=True, slots=True)
class Turns:
    """How the sides alternate: `pairs` of blocks of `block` seconds after `warm_up` pairs that do not count."""

    block: int
    pairs: int
    warm_up: int
    seed: int

    @property
    def seconds(self) -> int:
        """Seconds from the first block to the last."""
        return 2 * self.block * (self.pairs + self.warm_up)


@dataclass(frozen=True, slots=True)
class Sides:
    """The facts of both runs."""

    baseline: RunInfo
    current: RunInfo


def take_turns(baseline: Side, current: Side, services: Processes, turns: Turns, say: Callable[[str], None]) -> Sides:
    """Drive the test and return the facts of both runs; blocks that were cut short are not in them.

    Raises:
        PartDiedError: a service ended; the message has its last lines.
        PerfError: a run did not come to its end.
    """
    _await_load(baseline, current, services)
    first = int(time.time()) + NOTICE
    blocks = alternate(first, turns.block, turns.warm_up + turns.pairs, turns.seed)
    _announce(baseline, blocks[0], turns, current)
    _announce(current, blocks[1], turns, baseline)
    say(
        f"{turns.pairs} pairs of blocks of {turns.block} s, order of seed {turns.seed}: about {turns.seconds} s"
        + (f", the first {2 * turns.block * turns.warm_up} s do not count" if turns.warm_up else "")
    )
    _watch(baseline, current, services, first + turns.seconds, say)
    for side in (baseline, current):
        side.end()
    return _whole_pairs(baseline.result(), current.result())


def _await_load(baseline: Side, current: Side, services: Processes) -> None:
    waiting = [baseline, current]
    while waiting:
        services.check()
        for side in waiting:
            side.check()
        waiting = [side for side in waiting if (side.status() or {}).get("state") != "running"]
        time.sleep(0.2)


def _announce(side: Side, blocks: tuple[Block, ...], turns: Turns, partner: Side) -> None:
    master = side.master
    if master is None:
        raise PerfError(f"the {side.name} run has no master any more; see the logs in {side.processes.logs}")
    body = {
        "blocks": [(block.start, block.end) for block in blocks],
        "warm_up": turns.warm_up,
        "partner": partner.folder.id,
    }
    master.post("/perf/blocks", body)


def _watch(baseline: Side, current: Side, services: Processes, end: int, say: Callable[[str], None]) -> None:
    """Watch until the last block is over, or a threshold has ended a run."""
    due = time.monotonic() + QUIET_STEP
    while time.time() < end and not any(side.over() for side in (baseline, current)):
        services.check()
        if time.monotonic() >= due:
            due += QUIET_STEP
            told = [f"{side.name} {(side.status() or {}).get('requests', '-')}" for side in (baseline, current)]
            say(f"{max(end - time.time(), 0):5.0f} s left, requests: {', '.join(told)}")
        time.sleep(0.2)


def _whole_pairs(baseline: RunInfo, current: RunInfo) -> Sides:
    """Return both runs with the pairs of blocks that both went through to their end."""
    whole = whole_pairs(baseline, current)
    return Sides(replace(baseline, blocks=baseline.blocks[:whole]), replace(current, blocks=current.blocks[:whole]))
