"""Popularity as it is found: the item of rank k is asked for in proportion to k to the power of -s."""

import math
import random


class Zipf:
    """Draws ranks from 1 to `size`; constant memory and time whatever the size.

    Rejection-inversion; source: W. Hoermann, G. Derflinger, "Rejection-inversion to generate variates from monotone
    discrete distributions", ACM TOMACS 6 (1996).
    """

    def __init__(self, size: int, exponent: float = 1.0) -> None:
        """Prepare for ranks up to `size` >= 1 with an exponent > 0."""
        self._size, self._exponent = size, exponent
        self._low = self._integral(1.5) - 1.0
        self._high = self._integral(size + 0.5)
        self._sure = 2.0 - self._inverse(self._integral(2.5) - self._weight(2.0))

    def draw(self, source: random.Random) -> int:
        """Return a rank."""
        while True:
            value = self._high + source.random() * (self._low - self._high)
            position = self._inverse(value)
            rank = min(max(int(position + 0.5), 1), self._size)
            if rank - position <= self._sure or value >= self._integral(rank + 0.5) - self._weight(rank):
                return rank

    def _weight(self, position: float) -> float:
        return math.exp(-self._exponent * math.log(position))

    def _integral(self, position: float) -> float:
        """Return the integral of the weight from 1 to a position."""
        logarithm = math.log(position)
        if self._exponent == 1.0:
            return logarithm
        return math.expm1((1.0 - self._exponent) * logarithm) / (1.0 - self._exponent)

    def _inverse(self, value: float) -> float:
        if self._exponent == 1.0:
            return math.exp(value)
        return math.exp(math.log1p(max(value * (1.0 - self._exponent), -1.0)) / (1.0 - self._exponent))
