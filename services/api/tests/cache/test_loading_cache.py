import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from perf_api.cache.loading import LoadCounts, LoadingCache


class Source:
    """Where values come from; a load waits until it is released."""

    def __init__(self, value: str | None = "old") -> None:
        self.value, self.loads = value, 0
        self.begun, self.released = asyncio.Event(), asyncio.Event()

    async def load(self) -> str | None:
        self.loads += 1
        value = self.value
        self.begun.set()
        await self.released.wait()
        return value

    @classmethod
    def ready(cls, value: str | None) -> "Source":
        source = cls(value)
        source.released.set()
        return source


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def make(clock: Callable[[], float] | None = None, negative: float = 1.0) -> LoadingCache[str, str]:
    return LoadingCache("items", entries=1000, seconds=60.0, negative_seconds=negative, timer=clock or Clock())


async def test_a_value_is_loaded_once_and_then_hit() -> None:
    cache, source = make(), Source.ready("v")

    assert [await cache.load("k", source.load) for _ in range(3)] == ["v", "v", "v"]
    assert (source.loads, cache.counts.hits, cache.counts.misses) == (1, 2, 1)
    assert cache.get("k") == "v"


async def test_500_concurrent_misses_cause_one_load() -> None:
    cache, source = make(), Source("v")
    waiting = [asyncio.create_task(cache.load("k", source.load)) for _ in range(500)]
    await source.begun.wait()
    source.released.set()

    assert await asyncio.gather(*waiting) == ["v"] * 500
    assert source.loads == 1
    assert (cache.counts.misses, cache.loads) == (500, LoadCounts(found=1))


async def test_misses_of_different_keys_do_not_wait_for_each_other() -> None:
    cache, slow, quick = make(), Source("slow"), Source.ready("quick")
    waiting = asyncio.create_task(cache.load("a", slow.load))
    await slow.begun.wait()

    assert await cache.load("b", quick.load) == "quick"
    slow.released.set()
    assert await waiting == "slow"


async def test_the_one_who_started_a_load_may_go_away() -> None:
    cache, source = make(), Source("v")
    first = asyncio.create_task(cache.load("k", source.load))
    second = asyncio.create_task(cache.load("k", source.load))
    await source.begun.wait()
    first.cancel()
    source.released.set()

    assert await second == "v"
    assert source.loads == 1
    with pytest.raises(asyncio.CancelledError):
        await first


@pytest.mark.parametrize(
    "change",
    [
        lambda cache: cache.invalidate("k"),
        lambda cache: cache.clear(),
        lambda cache: cache.__setitem__("k", "new"),
    ],
    ids=["invalidate", "clear", "write"],
)
async def test_a_change_during_a_load_never_keeps_the_old_value(change: Callable[[object], None]) -> None:
    cache, source = make(), Source("old")
    early = asyncio.create_task(cache.load("k", source.load))
    await source.begun.wait()
    source.value = "new"
    change(cache)
    late = asyncio.create_task(cache.load("k", source.load))
    await asyncio.sleep(0)
    source.released.set()

    assert await early == "old"
    assert await late == "new"
    assert cache.get("k") == "new"
    assert cache.loads.overtaken == 1


async def test_an_old_load_that_ends_last_does_not_replace_the_new_value() -> None:
    cache, old, new = make(), Source("old"), Source.ready("new")
    early = asyncio.create_task(cache.load("k", old.load))
    await old.begun.wait()
    cache.invalidate("k")

    assert await cache.load("k", new.load) == "new"
    old.released.set()
    assert await early == "old"
    assert cache.get("k") == "new"


async def test_what_does_not_exist_is_remembered_for_a_short_time() -> None:
    clock = Clock()
    cache, source = make(clock), Source.ready(None)

    assert [await cache.load("k", source.load) for _ in range(3)] == [None] * 3
    assert (source.loads, cache.counts.hits, cache.counts.misses) == (1, 2, 1)
    clock.now += 1.0
    source.value = "v"
    assert await cache.load("k", source.load) == "v"
    assert cache.loads == LoadCounts(found=1, absent=1)


async def test_what_is_made_is_found_although_it_was_missing_before() -> None:
    cache, source = make(), Source.ready(None)
    await cache.load("k", source.load)
    source.value = "v"
    cache.invalidate("k")

    assert await cache.load("k", source.load) == "v"


async def test_absence_is_not_remembered_when_that_is_switched_off() -> None:
    cache, source = make(negative=0.0), Source.ready(None)
    await cache.load("k", source.load)
    await cache.load("k", source.load)

    assert source.loads == 2


async def test_absence_overtaken_by_an_invalidation_is_not_remembered() -> None:
    cache, source = make(), Source(None)
    early = asyncio.create_task(cache.load("k", source.load))
    await source.begun.wait()
    source.value = "v"
    cache.invalidate("k")
    source.released.set()

    assert await early is None
    assert await cache.load("k", source.load) == "v"


async def test_a_failed_load_reaches_all_who_wait_and_is_tried_again() -> None:
    cache, source = make(), Source("v")
    gate = asyncio.Event()

    async def fail() -> str:
        await gate.wait()
        raise ConnectionError("database away")

    waiting = [asyncio.create_task(cache.load("k", fail)) for _ in range(3)]
    await asyncio.sleep(0)
    gate.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    source.released.set()

    assert [str(outcome) for outcome in outcomes] == ["database away"] * 3
    assert await cache.load("k", source.load) == "v"
    assert cache.loads == LoadCounts(found=1, failed=1)


async def test_a_failed_load_nobody_waits_for_is_no_noise(recwarn: pytest.WarningsRecorder) -> None:
    cache, gate, complaints = make(), asyncio.Event(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def fail() -> str:
        await gate.wait()
        raise ConnectionError("database away")

    lonely: Awaitable[str | None] = asyncio.create_task(cache.load("k", fail))
    await asyncio.sleep(0)
    lonely.cancel()  # type: ignore[attr-defined]
    with pytest.raises(asyncio.CancelledError):
        await lonely
    gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()

    assert cache.loads.failed == 1
    assert complaints == []
    assert len(recwarn) == 0
