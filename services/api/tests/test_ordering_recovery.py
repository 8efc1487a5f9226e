"""What a crash leaves half done is finished: at every step of an order, stock and orders agree in the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from perf_api.adapters.factory import open_database
from perf_api.domain.errors import DatabaseUnavailableError, OrderNotFoundError, StillInProgressError
from perf_api.domain.ids import new_id, seeded_id
from perf_api.domain.items import Item
from perf_api.domain.orders import OrderAction, OrderState
from perf_api.domain.ports import Database
from perf_api.services.ordering import Ordering

THINGS = [Item(seeded_id(number), f"S{number}", "Thing", "c", 100, "EUR", 10) for number in (1, 2)]
WANTED = {seeded_id(1): 2, seeded_id(2): 3}


PLACED_AT = 8
"""The first step of a placement after which the order is placed; what fails from there on is made good later."""


class Crash(BaseException):
    """The process ends here."""


class Failing:
    """A repository whose calls fail from one of them on: by a crash, or by the database going away."""

    def __init__(self, parts: "Parts", real: Any) -> None:
        self._parts, self._real = parts, real

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)

        async def call(*arguments: Any, **more: Any) -> Any:
            self._parts.calls += 1
            if self._parts.calls >= self._parts.fails_at:
                raise self._parts.error
            return await method(*arguments, **more)

        return call


class Parts:
    def __init__(self, database: Database, fails_at: int, error: BaseException) -> None:
        self.calls, self.fails_at, self.error = 0, fails_at, error
        self.ordering = Ordering(Failing(self, database.items), Failing(self, database.orders), lambda _: None)


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    database = open_database("sqlite:///:memory:")
    await database.items.add_many(THINGS)
    yield database
    await database.close()


async def recovered(database: Database) -> list[int]:
    """Let a new process recover, and return the stocks."""
    fresh = Ordering(database.items, database.orders, lambda _: None)
    await fresh.recover(datetime.now(UTC) + timedelta(minutes=2))
    assert await fresh.recover(datetime.now(UTC) + timedelta(minutes=2)) == 0
    return [(await database.items.get(item.id)).stock for item in THINGS]


ERRORS: list[Callable[[], BaseException]] = [Crash, lambda: DatabaseUnavailableError("away")]


@pytest.mark.parametrize("error", ERRORS, ids=["crash", "database away"])
@pytest.mark.parametrize("step", range(1, 11))
async def test_a_placement_that_breaks_off_is_either_undone_or_done(
    database: Database, step: int, error: Callable[[], BaseException]
) -> None:
    parts = Parts(database, step, error())
    told_so = step < PLACED_AT or isinstance(parts.error, Crash)
    with pytest.raises((Crash, DatabaseUnavailableError)) if told_so else nullcontext():
        await parts.ordering.place("ann", WANTED, "key")

    stocks = await recovered(database)
    placed = await database.orders.of_customer("ann", None, 10)

    assert (stocks, len(placed)) in (([10, 10], 0), ([8, 7], 1))
    assert len(placed) == (1 if step >= PLACED_AT else 0)
    fresh = Ordering(database.items, database.orders, lambda _: None)
    again = await fresh.place("ann", WANTED, "key")
    assert again.replayed == bool(placed)
    assert [(await database.items.get(item.id)).stock for item in THINGS] == [8, 7]


@pytest.mark.parametrize("step", range(1, 10))
async def test_a_cancellation_that_breaks_off_gives_back_once(database: Database, step: int) -> None:
    order = (await Ordering(database.items, database.orders, lambda _: None).place("ann", WANTED, None)).order
    parts = Parts(database, step, Crash())
    with pytest.raises(Crash):
        await parts.ordering.act(order.id, OrderAction.CANCEL)

    stocks = await recovered(database)
    state = (await database.orders.get(order.id)).state

    assert (stocks, state) in (([8, 7], OrderState.PLACED), ([10, 10], OrderState.CANCELLED))


async def test_recovering_twice_at_once_gives_back_once(database: Database) -> None:
    with pytest.raises(Crash):
        await Parts(database, 6, Crash()).ordering.place("ann", WANTED, None)
    sweepers = [Ordering(database.items, database.orders, lambda _: None) for _ in range(3)]
    later = datetime.now(UTC) + timedelta(minutes=2)

    await asyncio.gather(*(sweeper.recover(later) for sweeper in sweepers))

    assert await recovered(database) == [10, 10]


async def test_a_key_whose_order_is_being_placed_has_to_wait(database: Database) -> None:
    ordering = Ordering(database.items, database.orders, lambda _: None)
    order = (await ordering.place("ann", WANTED, "done")).order
    pending = replace(order, id=new_id(), key="open", state=OrderState.PENDING, unsettled=True)
    await database.orders.begin(pending)

    with pytest.raises(StillInProgressError):
        await ordering.place("ann", WANTED, "open")
    with pytest.raises(OrderNotFoundError):
        await ordering.get(pending.id)


async def test_two_requests_with_one_key_place_one_order(database: Database) -> None:
    ordering = Ordering(database.items, database.orders, lambda _: None)

    outcomes = await asyncio.gather(*(ordering.place("ann", WANTED, "key") for _ in range(8)), return_exceptions=True)

    placed = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    waiting = [outcome for outcome in outcomes if isinstance(outcome, StillInProgressError)]
    assert len(placed) + len(waiting) == 8
    assert len({each.order.id for each in placed}) == 1
    assert [(await database.items.get(item.id)).stock for item in THINGS] == [8, 7]
