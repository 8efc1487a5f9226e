"""Paired blocks: what one side's quantile owes to each block, less what the other side's owes to the block beside it.

Windows of the two sides that are neighbours in time saw the same machine, so its drift is in both and cancels in the
difference of their influences; the variance of the shift is that of the differences. The shift itself is unbiased
because the order inside a pair is random.

Source: Bulej et al. (2020), Duet benchmarking; Box, Hunter and Hunter, Statistics for Experimenters (pairing, ch. 3).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from perf_core.model.histogram import FloatArray
from perf_core.stats.noise import Influence


def pair_influences(
    baseline: Sequence[Influence], current: Sequence[Influence], block: int
) -> tuple[list[Influence], list[Influence]]:
    """Return the sides so that the baseline is constant and the current one carries the differences.

    Both sides must have been cut into the same windows; a side that has fewer had no request in the last ones.
    `block` of them, one block, are taken together before anything is squared.
    """
    pairs = list(zip(baseline, current, strict=True))
    still = [replace(old, psi=np.zeros_like(old.psi), merge=1, floor=0.0) for old, _ in pairs]
    moving = [
        replace(
            new,
            psi=_difference(new.psi, old.psi),
            merge=max(block, old.merge, new.merge),
            floor=old.floor + new.floor,
        )
        for old, new in pairs
    ]
    return still, moving


def _difference(new: FloatArray, old: FloatArray) -> FloatArray:
    count = max(len(new), len(old))
    return np.pad(new, (0, count - len(new))) - np.pad(old, (0, count - len(old)))
