"""SQLite inserts per second at the repository port: group commit against one commit per insert, in pairs of rounds.

50 coroutines, synchronous=FULL: every insert is on the disk when it is acknowledged, both ways. Floor: 5 times the
inserts. Run: .venv/bin/python benchmarks/api_group_commit.py [FOLDER]   (on the disk to be measured; not a tmpfs)
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from support.asgi import summary, verdict

from perf_api.adapters.sqlite.database import SqliteDatabase
from perf_api.adapters.sqlite.engine import Engine
from perf_api.domain.ids import new_id
from perf_api.domain.items import Item

FLOOR = 5.0
COROUTINES = 50
SECONDS = 1.0
PAIRS = 7


def item(number: int) -> Item:
    return Item(new_id(), f"SKU-{number}", f"Item {number}", "any", 990, "EUR", 10, ("a", "b"), {"colour": "red"})


async def inserts_per_second(path: Path, group_limit: int) -> float:
    database = SqliteDatabase(Engine(str(path), "FULL", group_limit))
    inserted, end = 0, time.perf_counter() + SECONDS

    async def insert(coroutine: int) -> None:
        nonlocal inserted
        number = coroutine
        while time.perf_counter() < end:
            await database.items.add(item(number))
            number += COROUTINES
            inserted += 1

    began = time.perf_counter()
    await asyncio.gather(*(insert(coroutine) for coroutine in range(COROUTINES)))
    rate = inserted / (time.perf_counter() - began)
    await database.close()
    return rate


async def main() -> bool:
    ratios, rates = [], []
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        for pair in range(PAIRS):
            single = await inserts_per_second(Path(folder) / f"single-{pair}.db", 1)
            group = await inserts_per_second(Path(folder) / f"group-{pair}.db", 1000)
            rates.append((single, group))
            ratios.append(group / single)
    single, group = (statistics.median(column) for column in zip(*rates, strict=True))
    print(f"inserts per second: {single:.0f} with a commit each, {group:.0f} with group commit; {summary(ratios)}")
    return verdict(f"group commit inserts at least {FLOOR} times as fast", kept=statistics.median(ratios) >= FLOOR)


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
