import threading

from prometheus_client import CollectorRegistry, generate_latest

from perf_api.cache.collector import CacheCollector
from perf_api.cache.loading import LoadingCache


def make_registry(*caches: LoadingCache[int, int]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(CacheCollector(caches))
    return registry


async def test_what_happens_to_a_cache_is_what_prometheus_reads() -> None:
    cache: LoadingCache[int, int] = LoadingCache("items", 2, 60.0, 1.0)
    registry = make_registry(cache)

    async def absent() -> None:
        return None

    cache.get(1)
    for key in (1, 2, 3):
        cache[key] = key
    cache.get(3)
    await cache.load(9, absent)

    read = registry.get_sample_value
    assert read("cache_requests_total", {"cache": "items", "result": "hit"}) == 1
    assert read("cache_requests_total", {"cache": "items", "result": "miss"}) == 2
    assert read("cache_entries", {"cache": "items"}) == 2
    assert read("cache_evictions_total", {"cache": "items", "reason": "capacity"}) == 1
    assert read("cache_evictions_total", {"cache": "items", "reason": "expired"}) == 0
    assert read("cache_loads_total", {"cache": "items", "outcome": "absent"}) == 1


def test_series_of_every_cache_exist_from_the_start() -> None:
    text = generate_latest(make_registry(LoadingCache("a", 1, 1.0, 1.0), LoadingCache("b", 1, 1.0, 1.0))).decode()

    for cache in ("a", "b"):
        assert f'cache_requests_total{{cache="{cache}",result="miss"}} 0.0' in text


def test_a_scrape_in_another_thread_does_not_disturb_the_cache() -> None:
    cache: LoadingCache[int, int] = LoadingCache("items", 50, 0.0005, 1.0)
    registry, done, errors = make_registry(cache), threading.Event(), []

    def scrape() -> None:
        while not done.is_set():
            try:
                generate_latest(registry)
            except Exception as error:  # noqa: BLE001  whatever it is, the test must see it
                errors.append(error)

    scraping = threading.Thread(target=scrape)
    scraping.start()
    for number in range(20_000):
        cache[number % 100] = number
        cache.get(number % 70)
    done.set()
    scraping.join()

    assert errors == []
    assert cache.counts.hits + cache.counts.misses == 20_000
