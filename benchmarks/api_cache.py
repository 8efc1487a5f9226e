"""What a cache hit saves against a lookup through motor, and what concurrent misses cost the database.

The same GET of an item on the whole ASGI application, without a socket: once the item is cached, once the cache is
emptied before each request, over MONGODB_URL or FerretDB. CPU of this process, motor's threads included, in pairs of
rounds. Floors: a hit takes at most half the CPU; 500 concurrent misses cause one load.
Run: .venv/bin/python benchmarks/api_cache.py
"""

import asyncio
import statistics
import sys

from support.asgi import cpu_per_call, getter, summary, verdict
from support.mongodb import mongodb

from perf_api.app import create_app
from perf_api.domain.ids import new_id
from perf_api.domain.items import Item
from perf_api.settings import Settings

CEILING = 0.5
CALLS = 300
PAIRS = 9
MISSES = 500


async def compare(url: str) -> bool:
    app = create_app(Settings(database=url, cache_seconds=3600, access_log=False))
    async with app.router.lifespan_context(app):
        database = app.state.database
        await database.prepare()
        app.state.operations.prepared = True  # as the service's own task will find in a moment
        item = Item(new_id(), new_id(), "Brass lamp", "light", 990, "EUR", 10, ("a", "b"), {"colour": "red"})
        await database.items.add(item)
        hit = getter(app, f"/v1/items/{item.id}")

        async def miss() -> int:
            app.state.cache.clear()
            return await hit()

        kept = await compare_cpu(hit, miss) & await count_loads(app, hit)
        await database.items.remove(item.id, None)
    return kept


async def compare_cpu(hit, miss) -> bool:  # noqa: ANN001  two functions of the getter's kind
    ratios, costs = [], []
    await cpu_per_call(miss, CALLS)
    for _ in range(PAIRS):
        lookup, cached = await cpu_per_call(miss, CALLS), await cpu_per_call(hit, CALLS)
        ratios.append(cached / lookup)
        costs.append((cached * 1e6, lookup * 1e6))
    cached, lookup = (statistics.median(column) for column in zip(*costs, strict=True))
    print(f"CPU per GET: {cached:.0f} us from the cache, {lookup:.0f} us through motor; {summary(ratios)}")
    return verdict(
        f"a cache hit takes at most {CEILING} of the CPU of a motor lookup", kept=statistics.median(ratios) <= CEILING
    )


async def count_loads(app, get) -> bool:  # noqa: ANN001
    cache = app.state.cache
    cache.clear()
    loads, misses = cache.loads.found, cache.counts.misses
    statuses = await asyncio.gather(*(get() for _ in range(MISSES)))
    loads, misses = cache.loads.found - loads, cache.counts.misses - misses
    print(f"{misses} concurrent misses caused {loads} load, all answered {set(statuses)}")
    return verdict(
        f"{MISSES} concurrent misses cause one load", kept=(loads, misses, set(statuses)) == (1, MISSES, {200})
    )


if __name__ == "__main__":
    with mongodb() as url:
        kept = asyncio.run(compare(url))
    sys.exit(not kept)
