"""The same items and orders at every call, as many as wanted, in bounded memory."""

import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TypeVar

from perf_api.domain.ids import seeded_id
from perf_api.domain.items import Item
from perf_api.domain.orders import Order, OrderLine, OrderState
from perf_api.domain.ports import Database
from perf_api.zipf import Zipf

T = TypeVar("T")
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 90
CUSTOMERS = 1000
STOCK = 1_000_000
_BATCH = 500
_CATEGORIES = ("lighting", "kitchen", "garden", "office", "toys", "sports", "books", "music")
_MATERIALS = ("brass", "oak", "steel", "glass", "linen", "cork", "clay", "paper")
_THINGS = ("lamp", "bowl", "chair", "shelf", "box", "vase", "clock", "tray", "stool", "frame")
_TAGS = ("sale", "new", "gift", "heavy", "fragile", "outdoor")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the seeding is."""

    what: str
    done: int
    total: int
    seconds: float


async def seed(database: Database, items: int, orders: int, number: int, report: Callable[[Progress], None]) -> None:
    """Add items 1 to `items` and `orders` orders of them; those that are there stay as they are.

    `number` chooses among data sets: the same number, items and orders give the same data. An item's rank in
    popularity is its number: orders choose items by Zipf's law. Orders lie in the DAYS days from FIRST_DAY.
    """
    await _write(_items(items, number), items, "items", database.items.add_many, report)
    await _write(_orders(orders, items, number), orders, "orders", database.orders.add_many, report)


async def _write(
    values: Iterator[T],
    total: int,
    what: str,
    write: Callable[[Sequence[T]], Awaitable[object]],
    report: Callable[[Progress], None],
) -> None:
    began, done = time.monotonic(), 0
    while batch := list(islice(values, _BATCH)):
        await write(batch)
        done += len(batch)
        report(Progress(what, done, total, time.monotonic() - began))


def _items(count: int, number: int) -> Iterator[Item]:
    for rank in range(1, count + 1):
        yield _item(rank, number)


def _item(rank: int, number: int) -> Item:
    source = random.Random(f"{number} item {rank}")  # noqa: S311  data, not secrets
    material, thing = source.choice(_MATERIALS), source.choice(_THINGS)
    return Item(
        id=seeded_id(rank),
        sku=f"SKU-{rank:06d}",
        name=f"{material.capitalize()} {thing} {rank}",
        category=source.choice(_CATEGORIES),
        price=source.randrange(100, 100_000),
        currency="EUR",
        stock=STOCK,
        tags=tuple(source.sample(_TAGS, source.randrange(4))),
        attributes={"weight_g": source.randrange(50, 5000), "material": material},
    )


def _orders(count: int, items: int, number: int) -> Iterator[Order]:
    if not items:
        return
    popularity = Zipf(items)
    for index in range(1, count + 1):
        yield _order(index, number, popularity)


def _order(index: int, number: int, popularity: Zipf) -> Order:
    source = random.Random(f"{number} order {index}")  # noqa: S311  data, not secrets
    ranks = sorted({popularity.draw(source) for _ in range(source.randrange(1, 4))})
    lines = tuple(_line(_item(rank, number), source.randrange(1, 4)) for rank in ranks)
    made = FIRST_DAY + timedelta(milliseconds=source.randrange(DAYS * 86_400_000))
    total = sum(line.amount for line in lines)
    customer = f"customer-{source.randrange(1, CUSTOMERS + 1)}"
    return Order(seeded_id(index), customer, "EUR", lines, total, OrderState.DELIVERED, made, made)


def _line(item: Item, quantity: int) -> OrderLine:
    return OrderLine(item.id, item.sku, item.category, quantity, item.price, quantity * item.price)
