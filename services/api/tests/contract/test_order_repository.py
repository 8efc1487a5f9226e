import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from perf_api.domain.errors import OrderNotFoundError, OrderStateError
from perf_api.domain.ids import new_id, seeded_id
from perf_api.domain.orders import Order, OrderLine, OrderState
from perf_api.domain.ports import Database
from perf_api.domain.sales import SalesGroup, SalesQuery, SalesRow

NOON = datetime(2026, 1, 31, 12, 0, 0, 123000, UTC)
LINES = (
    OrderLine(seeded_id(1), "LAMP-1", "light", 2, 4990, 9980),
    OrderLine(seeded_id(2), "SAW-1", "tools", 1, 100, 100),
)
ORDER = Order(seeded_id(7), "ann", "EUR", LINES, 10080, OrderState.PENDING, NOON, NOON, unsettled=True)


async def test_an_order_comes_back_as_it_began(database: Database) -> None:
    order = replace(ORDER, key="k", fingerprint="f")

    assert await database.orders.begin(order) == order
    assert await database.orders.get(order.id) == order


async def test_an_unknown_order_is_not_found(database: Database) -> None:
    with pytest.raises(OrderNotFoundError):
        await database.orders.get(new_id())
    with pytest.raises(OrderNotFoundError):
        await database.orders.move(new_id(), OrderState.PLACED, OrderState.PAID, NOON, unsettled=False)
    await database.orders.settle(new_id())
    await database.orders.discard(new_id())


async def test_of_orders_with_one_key_only_the_first_is_stored(database: Database) -> None:
    orders = [replace(ORDER, id=new_id(), key="same") for _ in range(10)]

    stored = await asyncio.gather(*(database.orders.begin(order) for order in orders))

    winner = stored[0]
    assert winner in orders
    assert all(each == winner for each in stored)
    assert len(await database.orders.unsettled(NOON + timedelta(days=1), 100)) == 1


async def test_an_order_is_found_by_its_key(database: Database) -> None:
    order = replace(ORDER, key="k", fingerprint="f")
    await database.orders.begin(order)

    assert await database.orders.with_key("k") == order
    assert await database.orders.with_key("other") is None


async def test_orders_without_a_key_do_not_meet(database: Database) -> None:
    for _ in range(2):
        order = replace(ORDER, id=new_id())
        assert await database.orders.begin(order) == order


async def test_a_discarded_order_frees_its_key(database: Database) -> None:
    await database.orders.begin(replace(ORDER, key="k"))
    await database.orders.discard(ORDER.id)

    again = replace(ORDER, id=new_id(), key="k")
    assert await database.orders.begin(again) == again


async def test_a_move_changes_state_time_and_settlement(database: Database) -> None:
    await database.orders.begin(ORDER)
    later = NOON + timedelta(seconds=1)

    moved = await database.orders.move(ORDER.id, OrderState.PENDING, OrderState.PLACED, later, unsettled=False)

    assert moved == replace(ORDER, state=OrderState.PLACED, updated_at=later, unsettled=False)
    assert await database.orders.get(ORDER.id) == moved


async def test_of_concurrent_moves_one_succeeds(database: Database) -> None:
    await database.orders.begin(ORDER)
    moves = (
        database.orders.move(ORDER.id, OrderState.PENDING, target, NOON, unsettled=False)
        for target in (OrderState.PLACED, OrderState.ABANDONED) * 5
    )

    outcomes = await asyncio.gather(*moves, return_exceptions=True)

    assert sum(isinstance(outcome, Order) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, OrderStateError) for outcome in outcomes) == 9


async def test_a_customer_sees_placed_orders_newest_first_in_pages(database: Database) -> None:
    states = [OrderState.PLACED, OrderState.PENDING, OrderState.CANCELLED, OrderState.ABANDONED, OrderState.PAID]
    for number, state in enumerate(states, 1):
        await database.orders.begin(replace(ORDER, id=seeded_id(number), state=state))
    await database.orders.begin(replace(ORDER, id=seeded_id(9), customer_id="bob", state=OrderState.PAID))

    first = await database.orders.of_customer("ann", None, 2)
    second = await database.orders.of_customer("ann", first[-1].id, 2)

    assert [order.id for order in first] == [seeded_id(5), seeded_id(3)]
    assert [order.id for order in second] == [seeded_id(1)]
    assert first[0].lines == LINES


async def test_unsettled_orders_are_found_oldest_first_until_settled(database: Database) -> None:
    for number in (3, 1, 2):
        await database.orders.begin(replace(ORDER, id=seeded_id(number), updated_at=NOON + timedelta(hours=number)))

    found = await database.orders.unsettled(NOON + timedelta(hours=3), 10)
    await database.orders.settle(seeded_id(1))

    assert [order.id for order in found] == [seeded_id(1), seeded_id(2)]
    assert [order.id for order in await database.orders.unsettled(NOON + timedelta(hours=9), 1)] == [seeded_id(2)]


async def test_old_keys_are_forgotten_of_settled_orders_only(database: Database) -> None:
    for number, unsettled in ((1, False), (2, True)):
        order = replace(ORDER, id=seeded_id(number), key=f"k{number}", fingerprint="f", unsettled=unsettled)
        await database.orders.begin(order)
    newer = replace(ORDER, id=seeded_id(3), key="k3", created_at=NOON + timedelta(days=1), unsettled=False)
    await database.orders.begin(newer)

    await database.orders.forget_keys(NOON + timedelta(hours=1))

    assert [(await database.orders.get(seeded_id(number))).key for number in (1, 2, 3)] == [None, "k2", "k3"]
    again = replace(ORDER, id=new_id(), key="k1")
    assert await database.orders.begin(again) == again


async def test_a_batch_of_orders_may_come_twice(database: Database) -> None:
    orders = [replace(ORDER, id=seeded_id(number), state=OrderState.PAID, unsettled=False) for number in (1, 2)]

    await database.orders.add_many(orders)
    await database.orders.add_many(orders)

    assert [order.id for order in await database.orders.of_customer("ann", None, 10)] == [seeded_id(2), seeded_id(1)]


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (SalesGroup.DAY, [("2026-01-31", "EUR", 4, 6, 20160), ("2026-02-01", "EUR", 2, 3, 10080),
                          ("2026-01-31", "USD", 2, 3, 10080)]),
        (SalesGroup.CATEGORY, [("light", "EUR", 3, 6, 29940), ("light", "USD", 1, 2, 9980),
                               ("tools", "EUR", 3, 3, 300), ("tools", "USD", 1, 1, 100)]),
        (SalesGroup.SKU, [("LAMP-1", "EUR", 3, 6, 29940), ("LAMP-1", "USD", 1, 2, 9980),
                          ("SAW-1", "EUR", 3, 3, 300), ("SAW-1", "USD", 1, 1, 100)]),
    ],
    ids=str,
)  # fmt: skip
async def test_sales_sum_the_lines_of_sold_orders(
    database: Database, group: SalesGroup, expected: list[tuple[object, ...]]
) -> None:
    midnight = datetime(2026, 2, 1, tzinfo=UTC)
    placed = replace(ORDER, state=OrderState.PLACED)
    await database.orders.add_many(
        [
            replace(placed, id=seeded_id(1)),
            replace(placed, id=seeded_id(2), state=OrderState.DELIVERED),
            replace(placed, id=seeded_id(3), currency="USD"),
            replace(placed, id=seeded_id(4), created_at=midnight),
            replace(placed, id=seeded_id(5), state=OrderState.CANCELLED),
            replace(placed, id=seeded_id(6), state=OrderState.PENDING),
            replace(placed, id=seeded_id(7), created_at=NOON - timedelta(days=1)),
            replace(placed, id=seeded_id(8), created_at=midnight + timedelta(days=1)),
        ]
    )
    query = SalesQuery(datetime(2026, 1, 31, tzinfo=UTC), midnight + timedelta(days=1), group, 10)

    rows = await database.orders.sales(query)
    best = await database.orders.sales(replace(query, limit=1))

    wanted = [SalesRow(*row) for row in expected]  # type: ignore[arg-type]
    assert list(rows) == sorted(wanted, key=lambda row: (-row.revenue, row.key, row.currency))
    assert list(best) == list(rows)[:1]


async def test_a_prepared_database_answers_a_ping(database: Database) -> None:
    await database.prepare()
    await database.ping()
