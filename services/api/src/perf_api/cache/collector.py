"""Brings the counts of the caches to Prometheus when it asks, so that a lookup pays nothing for it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from perf_api.cache.loading import LoadingCache


class CacheCollector(Collector):
    """Families of all caches of one application; safe to scrape from another thread."""

    def __init__(self, caches: Sequence[LoadingCache[Any, Any]]) -> None:
        """Report these caches; their names must differ."""
        self._caches = tuple(caches)

    def collect(self) -> Iterator[Metric]:
        """Return fresh families."""
        requests = CounterMetricFamily(
            "cache_requests", "Lookups in a cache, by whether it could answer them.", labels=("cache", "result")
        )
        entries = GaugeMetricFamily(
            "cache_entries",
            "Entries a cache holds in memory, expired ones not yet dropped included.",
            labels=("cache",),
        )
        evictions = CounterMetricFamily(
            "cache_evictions",
            "Entries a cache dropped, to make room (capacity) or because their time was over (expired).",
            labels=("cache", "reason"),
        )
        loads = CounterMetricFamily(
            "cache_loads", "Loads a cache started for its misses, by how they ended.", labels=("cache", "outcome")
        )
        for cache in self._caches:
            counts, loaded = cache.counts, cache.loads
            _add(requests, cache.name, {"hit": counts.hits, "miss": counts.misses})
            entries.add_metric((cache.name,), cache.held)
            _add(evictions, cache.name, {"capacity": counts.evictions, "expired": counts.expirations})
            by_outcome = {"found": loaded.found, "absent": loaded.absent}
            _add(loads, cache.name, by_outcome | {"failed": loaded.failed, "overtaken": loaded.overtaken})
        yield from (requests, entries, evictions, loads)

    def describe(self) -> Iterable[Metric]:
        """Return the families for the registry's check of names."""
        return self.collect()


def _add(family: CounterMetricFamily, name: str, values: dict[str, int]) -> None:
    for label, value in values.items():
        family.add_metric((name, label), value)
