"""A TTL cache that counts what happens to it, also where cachetools looks past its subclasses."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, overload

from cachetools import Cache, TTLCache

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")
_NONE = object()


@dataclass(slots=True)
class CacheCounts:
    """What happened to a cache since it was made; plain integers, because a hit must stay cheap."""

    hits: int = 0
    misses: int = 0
    evictions: int = 0
    """Entries that made room for others."""
    expirations: int = 0
    """Entries dropped because their time was over; noticed at the next write, so it lags behind the clock."""


class MonitoredCache(TTLCache[K, V]):
    """`cachetools.TTLCache` that counts hits, misses, evictions and expirations.

    `in` is not a lookup and is not counted, nor is what cachetools reads for its own sake. Not thread-safe, like its
    parent: one event loop owns it. Only `held` and `counts` may be read from another thread.
    """

    def __init__(self, name: str, entries: int, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        """Hold at most `entries` entries (at least 1) for `seconds` each; `name` is its label."""
        super().__init__(maxsize=entries, ttl=seconds, timer=timer)
        self.name = name
        self.counts = CacheCounts()

    @property
    def held(self) -> int:
        """Entries in memory, expired ones that were not dropped yet included; unlike `len` it changes nothing."""
        return Cache.__len__(self)

    def __getitem__(self, key: K) -> V:
        """Return a value; counted. KeyError when there is none."""
        try:
            value = super().__getitem__(key)
        except KeyError:
            self.counts.misses += 1
            raise
        self.counts.hits += 1
        return value

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: V | D) -> V | D: ...
    def get(self, key: K, default: object = None) -> object:
        """Return a value or the default; counted, while the parent's `get` asks `in` first and hides its misses."""
        try:
            return self[key]
        except KeyError:
            return default

    @overload
    def pop(self, key: K) -> V: ...
    @overload
    def pop(self, key: K, default: V | D) -> V | D: ...
    def pop(self, key: K, default: object = _NONE) -> object:
        """Remove an entry and return its value; no lookup, so not counted."""
        if key not in self:
            if default is _NONE:
                raise KeyError(key)
            return default
        value = TTLCache.__getitem__(self, key)
        del self[key]
        return value

    def popitem(self) -> tuple[K, V]:
        """Remove the entry used least recently: what cachetools does to make room."""
        item = super().popitem()
        self.counts.evictions += 1
        return item

    def expire(self, time: float | None = None) -> list[tuple[K, V]]:
        """Drop and return the entries whose time is over."""
        expired = super().expire(time)
        self.counts.expirations += len(expired)
        return expired
