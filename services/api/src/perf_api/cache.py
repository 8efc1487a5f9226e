"""A TTL cache that counts its hits and misses, also those of `get`."""

from typing import Any

from cachetools import TTLCache

from perf_api.metrics import Metrics


class MonitoredCache(TTLCache[Any, Any]):
    """`cachetools.TTLCache` with Prometheus counters; `name` is the value of the label `cache`."""

    def __init__(self, name: str, entries: int, seconds: float, metrics: Metrics) -> None:
        """Hold at most `entries` entries for `seconds` each."""
        super().__init__(maxsize=entries, ttl=seconds)
        self._hits = metrics.cache.labels(name, "hit")
        self._misses = metrics.cache.labels(name, "miss")
        metrics.cache_entries.labels(name).set_function(lambda: len(self))

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key, or the default; counted."""
        value = super().get(key, default)
        (self._misses if value is default else self._hits).inc()
        return value
