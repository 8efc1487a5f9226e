"""Strategies: in which order rows are handed out, as endless or ending series of row numbers.

Numbers are drawn a few thousand at once: one at a time, drawing would cost more than handing out.
"""

import hashlib
from collections.abc import Iterator
from itertools import repeat

import numpy as np

from perf_core.model.histogram import FloatArray, IntArray
from perf_locust.samplers.table import Weights

BATCH = 4096
SMALL = 2**20
"""Rows that are shuffled as a list; more are shuffled by a permutation that needs no memory."""
_ROUNDS = 4


def generator(*seed: object) -> np.random.Generator:
    """Return a source of random numbers; the same seed gives the same ones in every process."""
    return np.random.default_rng(list(hashlib.sha256(repr(seed).encode()).digest()))


def sequential(rows: int, *, cycle: bool) -> Iterator[int]:
    """Yield 0, 1, 2, ... and begin again, or end."""
    while True:
        yield from range(rows)
        if not cycle:
            return


def shuffled(rows: int, random: np.random.Generator, *, cycle: bool) -> Iterator[int]:
    """Yield each row once in random order, then again in another, or end."""
    while True:
        if rows <= SMALL:
            order = np.argsort(random.random(rows))
            for begin in range(0, rows, BATCH):
                yield from order[begin : begin + BATCH].tolist()
        else:
            yield from permuted(rows, random)
        if not cycle:
            return


def uniform(rows: int, random: np.random.Generator) -> Iterator[int]:
    """Yield any row, again and again."""
    for _ in repeat(None):
        yield from (random.random(BATCH) * rows).astype(np.int64).tolist()


def weighted(weights: Weights, random: np.random.Generator) -> Iterator[int]:
    """Yield rows as often as their weights say."""
    for _ in repeat(None):
        yield from weights.rows_at(random.random(BATCH))


def zipf(rows: int, exponent: float, random: np.random.Generator) -> Iterator[int]:
    """Yield row r - 1 with a probability in proportion to 1 / r ** exponent: the first rows most often.

    Needs no memory, however many rows there are.

    Source: W. Hörmann, G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
    distributions", ACM TOMACS 6 (1996), algorithm ZRI.
    """
    integral, inverse = _Integral(exponent), _Integral(exponent).inverse
    low, high = integral(np.array([1.5])) - 1.0, integral(np.array([rows + 0.5]))
    sure = 2.0 - inverse(integral(np.array([2.5])) - 2.0**-exponent)
    for _ in repeat(None):
        u = high + random.random(BATCH) * (low - high)
        x = inverse(u)
        rank = np.clip((x + 0.5).astype(np.int64), 1, rows)
        taken = (rank - x <= sure) | (
            u >= integral(rank.astype(np.float64) + 0.5) - rank.astype(np.float64) ** -exponent
        )
        yield from (rank[taken] - 1).tolist()


class _Integral:
    """An antiderivative of x ** -exponent, and its inverse."""

    def __init__(self, exponent: float) -> None:
        self._power = 1.0 - exponent
        self._is_log = abs(self._power) < 1e-9

    def __call__(self, x: FloatArray) -> FloatArray:
        return np.log(x) if self._is_log else (x**self._power - 1.0) / self._power

    def inverse(self, u: FloatArray) -> FloatArray:
        return np.exp(u) if self._is_log else np.maximum(1.0 + self._power * u, 0.0) ** (1.0 / self._power)


def permuted(rows: int, random: np.random.Generator) -> Iterator[int]:
    """Yield each of so many numbers once: a Feistel network over the next power of four, what is beyond left out."""
    half = np.uint64((max(rows - 1, 1).bit_length() + 1) // 2)
    mask = (np.uint64(1) << half) - np.uint64(1)
    keys = (random.random(_ROUNDS) * 2**53).astype(np.uint64) * np.uint64(2) + np.uint64(1)
    for begin in range(0, 1 << (2 * int(half)), BATCH):
        at = np.arange(begin, begin + BATCH, dtype=np.uint64)
        left, right = at >> half, at & mask
        for key in keys:
            mixed = (right + np.uint64(1)) * key
            left, right = right, left ^ (((mixed ^ (mixed >> np.uint64(29))) * key) >> np.uint64(32)) & mask
        mapped: IntArray = ((left << half) | right).astype(np.int64)
        yield from mapped[(mapped < rows) & (at < np.uint64(1) << (np.uint64(2) * half))].tolist()
