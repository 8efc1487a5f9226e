"""Several samplers as one: each row comes from one of them, by weight."""

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Any

from perf_locust.samplers.errors import DataError
from perf_locust.samplers.sampler import AtEnd, Sampler


class Mix(Sampler):
    """Draws from named samplers by weights that can be changed while a run is on."""

    def __init__(self, name: str, samplers: Mapping[str, Sampler], weights: Mapping[str, float], seed: int) -> None:
        """Begin with these weights.

        Raises:
            DataError: a weight is not one of a sampler's, or makes no sense.
        """
        self.name, self._samplers, self._seed, self.first = name, dict(samplers), seed, dict(weights)
        if set(weights) != set(samplers):
            raise DataError(
                f"{name} has the samplers {_listed(samplers)} and weights for {_listed(weights)}; name all"
            )
        self.weights: dict[str, float] = {}
        self.begin(0)

    def begin(self, worker: int) -> None:
        """Begin again with the weights of the locustfile."""
        self._random = Random(f"{self._seed} {self.name} {worker}")  # noqa: S311  load
        self.weigh(self.first)

    def check(self, weights: Mapping[str, float]) -> None:
        """Check weights one by one.

        Raises:
            DataError: a weight is of no sampler here, below zero or no number.
        """
        for name, weight in weights.items():
            if name not in self._samplers:
                raise DataError(f"{self.name} has no sampler {name!r}; it has {_listed(self._samplers)}")
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < float("inf"):
                raise DataError(f"the weight of {name!r} is {weight!r}; give a number of at least 0")

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Set weights; samplers that are not named keep theirs.

        Raises:
            DataError: as `check`, or all weights are zero.
        """
        self.check(weights)
        merged = self.weights | dict(weights)
        if not sum(merged.values()):
            raise DataError(f"all weights of {self.name} are 0; give one of them more")
        self.weights = merged
        self._drawn = [self._samplers[name] for name in merged]
        self._sums = list(accumulate(merged.values()))

    def draw(self, user: object) -> Any | None:
        """Return a row of one of the samplers, or None when that one has none."""
        number = bisect_right(self._sums, self._random.random() * self._sums[-1])
        chosen = self._drawn[min(number, len(self._drawn) - 1)]
        self.at_end: AtEnd = chosen.at_end
        return chosen.draw(user)


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names)
