"""The samplers of this package: rows of a table in some order, rows that are handed out once, rows of one's own."""

import sys
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from perf_locust.samplers.errors import DataError
from perf_locust.samplers.order import generator
from perf_locust.samplers.sampler import AtEnd, Sampler
from perf_locust.samplers.table import Table

_PATIENCE = 10.0
"""Seconds in which the plugin of a worker must have taken charge."""
Order = Callable[[np.random.Generator], Iterator[int]]


class OrderedRows(Sampler):
    """Rows in an order; each worker process has its own, of the same seed."""

    def __init__(self, name: str, table: Table, order: Order, seed: int, at_end: AtEnd) -> None:
        """Begin; see `begin`."""
        self.name, self.table, self.at_end = name, table, at_end
        self._order, self._seed = order, seed
        self._copied = _copies(table)
        self.begin(0)

    def begin(self, worker: int) -> None:
        """Begin again, as worker number `worker` of a run: the same number, the same rows."""
        numbers = self._order(generator(self._seed, self.name, worker))
        rows: Iterator[Any] = map(self.table.row, numbers)
        self._rows = map(dict, rows) if self._copied else rows

    def draw(self, user: object) -> Any | None:  # noqa: ARG002  all users alike
        """Return the next row."""
        return next(self._rows, None)


class Supply(Protocol):
    """Where numbers of rows come from that are handed out once over all workers."""

    def take(self) -> int | None:
        """Return the next number, or None when all are handed out; may wait for the master."""


class OwnSupply:
    """All rows for one process."""

    def __init__(self, rows: int, *, cycle: bool) -> None:
        """Begin with the first row."""
        self._rows, self._cycle, self._next = rows, cycle, 0

    def take(self) -> int | None:
        """Return the next number."""
        if self._next == self._rows and self._cycle:
            self._next = 0
        if self._next == self._rows:
            return None
        self._next += 1
        return self._next - 1


class UniqueRows(Sampler):
    """Each row once over all workers; with `cycle`, each once before the first comes again."""

    def __init__(self, name: str, table: Table, at_end: AtEnd) -> None:
        """Serve this process alone, until the plugin gives another supply."""
        self.name, self.table, self.at_end = name, table, at_end
        self._copied = _copies(table)
        self.supply: Supply = OwnSupply(len(table), cycle=at_end is AtEnd.CYCLE)
        self._alone: bool | None = None

    def draw(self, user: object) -> Any | None:
        """Return a row that nobody had."""
        number = self._number(user)
        return None if number is None else self._row(number)

    def begin(self, worker: int) -> None:  # noqa: ARG002  the supply knows
        """Begin again, with a supply for this process alone."""
        self.supply = OwnSupply(len(self.table), cycle=self.at_end is AtEnd.CYCLE)

    def _number(self, user: object) -> int | None:
        if self._alone is None:
            self._alone = self._is_alone(user)
        return self.supply.take()

    def _is_alone(self, user: object) -> bool:
        """Return whether this process serves itself; as one of several workers it waits for the plugin first."""
        environment = getattr(user, "environment", None)
        if user is None and "locust" in sys.modules:
            raise TypeError(f"{self.name} hands out each row once; call next(self) in the user's task")
        if type(getattr(environment, "runner", None)).__name__ != "WorkerRunner":
            return True
        deadline = time.monotonic() + _PATIENCE
        while isinstance(self.supply, OwnSupply):
            if time.monotonic() > deadline:
                raise DataError(
                    f"{self.name} hands out each row once over all workers: start master and workers with "
                    "python -m perf_locust"
                )
            time.sleep(0.02)  # Locust makes it yield
        return False

    def _row(self, number: int) -> Any:
        row = self.table.row(number)
        return dict(row) if self._copied else row


class OwnRows(UniqueRows):
    """Each user has one row of its own for its life; a user that is gone leaves it to the next one of its worker."""

    def __init__(self, name: str, table: Table, at_end: AtEnd) -> None:
        """Begin without users."""
        super().__init__(name, table, at_end)
        self._owned: weakref.WeakKeyDictionary[object, int] = weakref.WeakKeyDictionary()
        self._left: list[int] = []

    def draw(self, user: object) -> Any | None:
        """Return the row of this user.

        Raises:
            TypeError: no user was given.
        """
        if user is None:
            raise TypeError(f"{self.name} gives each user a row of its own; call next(self) in the user's task")
        number = self._owned.get(user)
        if number is None:
            number = self._left.pop() if self._left else self._number(user)
            if number is None:
                return None
            self._owned[user] = number
            weakref.finalize(user, self._left.append, number)
        return self._row(number)

    def begin(self, worker: int) -> None:
        """Begin again, without users."""
        super().begin(worker)
        self._owned, self._left = weakref.WeakKeyDictionary(), []


def _copies(table: Table) -> bool:
    """Return whether rows must be copied, so that a user cannot change another's."""
    return isinstance(table.row(0), dict)
