import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from perf_api.adapters.factory import open_database
from perf_api.domain.errors import DatabaseUnavailableError, DuplicateSkuError
from perf_api.domain.ids import new_id, seeded_id
from perf_api.domain.items import Item
from perf_api.domain.ports import Database
from perf_api.metrics.operations import MeasuredDatabase
from perf_api.metrics.registry import Metrics

THING = Item(seeded_id(1), "S", "Thing", "c", 1, "EUR", 1)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def database(metrics: Metrics) -> AsyncIterator[Database]:
    database = MeasuredDatabase(open_database("sqlite:///:memory:"), metrics.operation_duration)
    await database.prepare()
    yield database
    await database.close()


def count(metrics: Metrics, collection: str, operation: str, outcome: str) -> float | None:
    labels = {"collection": collection, "operation": operation, "outcome": outcome}
    return metrics.registry.get_sample_value("db_operation_duration_seconds_count", labels)


async def test_operations_are_counted_by_their_outcome(database: Database, metrics: Metrics) -> None:
    await database.items.add(THING)
    for _ in range(2):
        with pytest.raises(DuplicateSkuError):
            await database.items.add(replace(THING, id=new_id()))
    assert await database.items.get(THING.id) == THING
    assert await database.orders.of_customer("ann", None, 5) == []

    assert count(metrics, "items", "add", "ok") == 1
    assert count(metrics, "items", "add", "refused") == 2
    assert count(metrics, "items", "get", "ok") == 1
    assert count(metrics, "orders", "of_customer", "ok") == 1
    assert count(metrics, "items", "get", "refused") is None


async def test_an_unreachable_database_and_a_caller_that_went_away_are_told_apart(metrics: Metrics) -> None:
    class Away:
        def __init__(self) -> None:
            self.items = self.orders = self

        async def get(self, _: str) -> Item:
            raise DatabaseUnavailableError("away")

        async def remove(self, _: str, __: None) -> None:
            await asyncio.Event().wait()

        async def add(self, _: Item) -> None:
            raise ZeroDivisionError

    database = MeasuredDatabase(Away(), metrics.operation_duration)  # type: ignore[arg-type]
    with pytest.raises(DatabaseUnavailableError):
        await database.items.get("x")
    with pytest.raises(ZeroDivisionError):
        await database.items.add(THING)
    removing = asyncio.create_task(database.items.remove("x", None))
    await asyncio.sleep(0)
    removing.cancel()
    await asyncio.wait({removing})

    assert count(metrics, "items", "get", "unavailable") == 1
    assert count(metrics, "items", "add", "failed") == 1
    assert count(metrics, "items", "remove", "cancelled") == 1
