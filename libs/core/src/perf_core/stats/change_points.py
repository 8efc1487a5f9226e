"""Where a history of runs changed its level: E-divisive with a seeded permutation test, so always the same answer.

The energy distance between what is before and after a split needs no normal distribution and is not fooled by one
spike; permuting the history says how large the best split is by chance.

Source: Matteson and James (2014), "A nonparametric approach for multiple change point analysis of multivariate data".
"""

from dataclasses import dataclass

import numpy as np

from perf_core.model.histogram import FloatArray

FEWEST = 3
"""Runs on each side of a change; fewer are a spike."""
_PERMUTATIONS = 1999
_BATCH = 100


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A change: `index` is the first run of the new level; `before` and `after` are the levels' medians."""

    index: int
    before: float
    after: float
    p_value: float


def change_points(values: FloatArray, alpha: float = 0.01) -> tuple[ChangePoint, ...]:
    """Return the changes of a history, in order; `values` must be finite.

    Each segment is split at its largest energy distance as long as that is significant at `alpha` (down to 0.0005).
    """
    splits = _splits(np.asarray(values, dtype=np.float64), 0, max(alpha, 1.0 / (_PERMUTATIONS + 1)))
    edges = [0, *(index for index, _ in splits), len(values)]
    return tuple(
        ChangePoint(
            index, float(np.median(values[edges[at] : index])), float(np.median(values[index : edges[at + 2]])), p
        )
        for at, (index, p) in enumerate(splits)
    )


def _splits(values: FloatArray, offset: int, alpha: float) -> list[tuple[int, float]]:
    if len(values) < 2 * FEWEST or np.ptp(values) <= 0:
        return []
    distances = np.abs(values[:, None] - values[None, :])
    energies = _energies(distances[None])[0]
    at = int(energies.argmax()) + FEWEST
    p_value = _p_value(distances, float(energies.max()), alpha)
    if p_value > alpha:
        return []
    return [
        *_splits(values[:at], offset, alpha),
        (offset + at, p_value),
        *_splits(values[at:], offset + at, alpha),
    ]


def _p_value(distances: FloatArray, found: float, alpha: float) -> float:
    """Return the share of permuted histories whose best split is as large; counting ends once it is above `alpha`."""
    draw, count = np.random.default_rng(20260921), len(distances)
    as_large, tried = 1, 0
    while tried < _PERMUTATIONS and as_large <= alpha * (_PERMUTATIONS + 1):
        size = min(_BATCH, _PERMUTATIONS - tried)
        orders = draw.permuted(np.tile(np.arange(count), (size, 1)), axis=1)
        energies = _energies(distances[orders[:, :, None], orders[:, None, :]])
        as_large += int((energies.max(axis=1) >= found * (1 - 1e-9)).sum())
        tried += size
    return as_large / (_PERMUTATIONS + 1)


def _energies(distances: "FloatArray") -> "FloatArray":
    """Return the scaled energy distance of every allowed split of each history (first axis)."""
    count = distances.shape[-1]
    sizes = np.arange(FEWEST, count - FEWEST + 1)
    rows = np.cumsum(distances.sum(axis=2), axis=1)
    left = 2 * np.cumsum(np.tril(distances, -1).sum(axis=2), axis=1)
    total, inside, beside = rows[:, -1:], left[:, sizes - 1], rows[:, sizes - 1]
    right = total - 2 * beside + inside
    across = beside - inside
    rest = count - sizes
    energy: FloatArray = (2 * across / (sizes * rest) - inside / sizes**2 - right / rest**2) * (sizes * rest / count)
    return energy
