import pytest
from cachetools import TTLCache

from perf_api.cache.monitored import CacheCounts, MonitoredCache


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> MonitoredCache[str, int]:
    return MonitoredCache("numbers", entries=2, seconds=5.0, timer=clock)


def test_it_is_a_ttl_cache(cache: MonitoredCache[str, int]) -> None:
    assert isinstance(cache, TTLCache)
    assert (cache.maxsize, cache.ttl) == (2, 5.0)


def test_hits_and_misses_of_brackets_are_counted(cache: MonitoredCache[str, int]) -> None:
    with pytest.raises(KeyError):
        cache["a"]
    cache["a"] = 1

    assert cache["a"] == 1
    assert cache.counts == CacheCounts(hits=1, misses=1)


def test_hits_and_misses_of_get_are_counted(cache: MonitoredCache[str, int]) -> None:
    assert cache.get("a") is None
    assert cache.get("a", 7) == 7
    cache["a"] = 1

    assert cache.get("a") == 1
    assert cache.counts == CacheCounts(hits=1, misses=2)


def test_an_entry_whose_value_is_the_default_is_a_hit(cache: MonitoredCache[str, int]) -> None:
    cache["a"] = 0

    assert cache.get("a", 0) == 0
    assert cache.counts == CacheCounts(hits=1)


def test_asking_whether_a_key_is_there_is_no_lookup(cache: MonitoredCache[str, int]) -> None:
    cache["a"] = 1

    assert "a" in cache
    assert "b" not in cache
    assert cache.counts == CacheCounts()


def test_an_entry_past_its_time_is_a_miss_and_later_an_expiration(
    cache: MonitoredCache[str, int], clock: Clock
) -> None:
    cache["a"] = 1
    clock.now += 5.0

    assert cache.get("a") is None
    cache["b"] = 2
    assert cache.counts == CacheCounts(misses=1, expirations=1)


def test_an_entry_that_makes_room_is_an_eviction_of_the_one_used_least_recently(
    cache: MonitoredCache[str, int],
) -> None:
    cache["a"], cache["b"] = 1, 2
    cache.get("a")
    cache["c"] = 3

    assert sorted(cache) == ["a", "c"]
    assert cache.counts == CacheCounts(hits=1, evictions=1)


def test_an_expired_entry_that_makes_room_is_no_eviction(cache: MonitoredCache[str, int], clock: Clock) -> None:
    cache["a"], cache["b"] = 1, 2
    clock.now += 5.0
    cache["c"] = 3

    assert cache.counts == CacheCounts(expirations=2)


def test_removing_an_entry_is_neither_lookup_nor_eviction(cache: MonitoredCache[str, int]) -> None:
    cache["a"], cache["b"] = 1, 2

    assert cache.pop("a") == 1
    assert cache.pop("a", None) is None
    with pytest.raises(KeyError):
        cache.pop("a")
    cache.clear()
    assert len(cache) == 0
    assert cache.counts == CacheCounts()


def test_setdefault_is_counted_as_the_lookup_it_is(cache: MonitoredCache[str, int]) -> None:
    cache.setdefault("a", 1)

    assert cache.setdefault("a", 2) == 1
    assert cache.counts.hits == 1


def test_what_is_held_can_be_read_without_changing_anything(cache: MonitoredCache[str, int], clock: Clock) -> None:
    cache["a"] = 1
    clock.now += 5.0

    assert cache.held == 1
    assert cache.counts.expirations == 0
    assert len(cache) == 0
    assert cache.held == 0
    assert cache.counts.expirations == 1
