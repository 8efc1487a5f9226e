"""Who is under load when, in an interleaved test."""

import random

from perf_core.model.run import Block, RunInfo


def alternate(first: int, length: int, pairs: int, seed: int) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Return the blocks of the baseline and of the current side, in Unix seconds.

    A pair is one block of each. Which comes first is random, but as often the one as the other (or one time more), so
    that a steady drift cancels exactly.
    """
    baseline_first = [at % 2 == 0 for at in range(pairs)]
    random.Random(seed).shuffle(baseline_first)  # noqa: S311  an experiment's order, no secret
    sides: tuple[list[Block], list[Block]] = ([], [])
    for at, leads in enumerate(baseline_first):
        start = first + 2 * at * length
        early, late = Block(start, start + length), Block(start + length, start + 2 * length)
        sides[0].append(early if leads else late)
        sides[1].append(late if leads else early)
    return tuple(sides[0]), tuple(sides[1])


def whole_pairs(baseline: RunInfo, current: RunInfo) -> int:
    """Return how many pairs of blocks both sides went through to their end; a test may be ended early."""
    over = min(info.ended or 0.0 for info in (baseline, current))
    both = zip(baseline.blocks, current.blocks, strict=False)
    return sum(max(old.end, new.end) <= over for old, new in both)
