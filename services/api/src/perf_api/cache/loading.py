"""A cache that loads what it misses: once for all who wait, and never what an invalidation has overtaken."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from cachetools import TTLCache

from perf_api.cache.monitored import MonitoredCache

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class LoadCounts:
    """Loads by how they ended."""

    found: int = 0
    absent: int = 0
    failed: int = 0
    overtaken: int = 0
    """Answered those who waited but were not kept: the entry was invalidated or written meanwhile."""


class LoadingCache(MonitoredCache[K, V]):
    """A monitored cache for one event loop; also remembers for a short time what does not exist.

    The generation of an entry is the load that may fill it. Whatever changes the entry forgets that load: it still
    answers those who wait for it, whose requests began before the change, but its value is not kept, and whoever
    comes later starts a new load.
    """

    def __init__(
        self,
        name: str,
        entries: int,
        seconds: float,
        negative_seconds: float,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold values for `seconds`, the knowledge that there is none for `negative_seconds` (0 = not at all)."""
        super().__init__(name, entries, seconds, timer)
        self.loads = LoadCounts()
        self._absent: TTLCache[K, None] = TTLCache(entries, negative_seconds, timer)
        self._flights: dict[K, asyncio.Task[V | None]] = {}

    async def load(self, key: K, loader: Callable[[], Awaitable[V | None]]) -> V | None:
        """Return the value of a key, from the loader when it is not here; None when there is none.

        Concurrent misses share one load, which goes on when the one who started it goes away. What the loader raises
        reaches all who wait, and nothing is kept.
        """
        try:
            value = TTLCache.__getitem__(self, key)
        except KeyError:
            pass
        else:
            self.counts.hits += 1
            return value
        if key in self._absent:
            self.counts.hits += 1
            return None
        self.counts.misses += 1
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._fly(key, loader))
            flight.add_done_callback(_retrieve)
        return await asyncio.shield(flight)

    def invalidate(self, key: K) -> None:
        """Forget a key, present or absent, and whatever is being loaded for it; call it after every write."""
        self._forget(key)
        self.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._flights.clear()
        self._absent.clear()
        super().clear()

    def __setitem__(self, key: K, value: V) -> None:
        """Keep a value that is newer than whatever is being loaded."""
        self._forget(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        """Remove an entry, and forget what is being loaded for it."""
        self._forget(key)
        super().__delitem__(key)

    def _forget(self, key: K) -> None:
        self._flights.pop(key, None)
        self._absent.pop(key, None)

    async def _fly(self, key: K, loader: Callable[[], Awaitable[V | None]]) -> V | None:
        flight = asyncio.current_task()
        try:
            value = await loader()
        except BaseException:
            self.loads.failed += 1
            if self._flights.get(key) is flight:
                del self._flights[key]
            raise
        if self._flights.get(key) is not flight:
            self.loads.overtaken += 1
        elif value is None:
            self._forget(key)
            self._absent[key] = None
            self.loads.absent += 1
        else:
            self[key] = value
            self.loads.found += 1
        return value


def _retrieve(flight: "asyncio.Task[V | None]") -> None:
    """Look at the exception of a load nobody waits for any more, so that asyncio does not complain."""
    if not flight.cancelled():
        flight.exception()
