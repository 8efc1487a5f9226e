import random
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from perf_api.adapters.factory import open_database
from perf_api.domain.items import ItemQuery
from perf_api.seeding import Progress, _items, _orders, seed
from perf_api.zipf import Zipf


async def seeded(url: str, items: int = 30, orders: int = 20, number: int = 1) -> tuple[object, object]:
    database = open_database(url)
    await seed(database, items, orders, number, lambda _: None)
    found = await database.items.page(ItemQuery(100))
    bought = [await database.orders.of_customer(f"customer-{customer}", None, 9) for customer in range(1, 1001)]
    await database.close()
    return found, bought


async def test_the_same_number_gives_the_same_data_and_another_gives_other_data(tmp_path: Path) -> None:
    first = await seeded(f"sqlite:///{tmp_path}/a.db")

    assert await seeded(f"sqlite:///{tmp_path}/b.db") == first
    assert await seeded(f"sqlite:///{tmp_path}/c.db", number=2) != first


async def test_seeding_again_adds_what_is_missing_and_keeps_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    await seeded(url, items=10, orders=0)

    assert await seeded(url, items=30) == await seeded(f"sqlite:///{tmp_path}/b.db", items=30)


async def test_progress_is_told_in_steps_up_to_the_end() -> None:
    database, told = open_database("sqlite:///:memory:"), list[Progress]()
    await seed(database, 1200, 600, 1, told.append)
    await database.close()

    assert [(each.what, each.done, each.total) for each in told] == [
        ("items", 500, 1200), ("items", 1000, 1200), ("items", 1200, 1200),
        ("orders", 500, 600), ("orders", 600, 600),
    ]  # fmt: skip


def test_memory_does_not_grow_with_the_number_of_items() -> None:
    def peak(items: int) -> int:
        tracemalloc.start()
        for _ in _items(items, 1):
            pass
        for _ in _orders(500, items * 1000, 1):
            pass
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(10)
    assert peak(5000) < 1.5 * peak(500) + 50_000


@pytest.mark.parametrize("exponent", [0.8, 1.0, 1.2])
def test_draws_follow_zipfs_law(exponent: float) -> None:
    size, draws, source = 50, 200_000, random.Random(7)
    popularity = Zipf(size, exponent)

    counts = Counter(popularity.draw(source) for _ in range(draws))

    weights = [rank**-exponent for rank in range(1, size + 1)]
    expected = [draws * weight / sum(weights) for weight in weights]
    distance = sum((counts[rank] - wanted) ** 2 / wanted for rank, wanted in enumerate(expected, 1))
    assert set(counts) <= set(range(1, size + 1))
    assert distance < 100  # chi square with 49 degrees of freedom: 0.99998 of all samples are below


def test_a_single_item_is_always_drawn() -> None:
    assert {Zipf(1).draw(random.Random(1)) for _ in range(100)} == {1}
