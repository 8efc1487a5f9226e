"""Orders in SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from perf_api.adapters.sqlite.engine import Engine
from perf_api.adapters.sqlite.rows import LINE, ORDER, line_rows, milliseconds, order_row, read_order
from perf_api.adapters.sqlite.sales import sales
from perf_api.domain.errors import OrderNotFoundError, OrderStateError
from perf_api.domain.orders import HIDDEN, Order, OrderState
from perf_api.domain.sales import SalesQuery, SalesRow

_INSERT = f"INSERT OR IGNORE INTO orders ({ORDER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  constant
_HIDDEN = ", ".join(f"'{state.value}'" for state in sorted(HIDDEN))


class SqliteOrders:
    """See domain.ports.OrderRepository."""

    def __init__(self, engine: Engine) -> None:
        """Use an open engine."""
        self._engine = engine

    async def begin(self, order: Order) -> Order:
        """Store a new order, or return the one that holds its key."""

        def insert(connection: sqlite3.Connection) -> Order:
            if _insert(connection, order):
                return order
            return _select(connection, "key = ?", (order.key,), 1)[0]

        stored: Order = await self._engine.write(insert)
        return stored

    async def add_many(self, orders: Sequence[Order]) -> None:
        """Store orders without keys."""

        def insert(connection: sqlite3.Connection) -> None:
            for order in orders:
                _insert(connection, order)

        await self._engine.write(insert)

    async def get(self, order_id: str) -> Order:
        """Return an order."""
        order: Order = await self._engine.read(lambda connection: _get(connection, order_id))
        return order

    async def with_key(self, key: str) -> Order | None:
        """Return the order that holds a key."""
        found: list[Order] = await self._engine.read(lambda connection: _select(connection, "key = ?", (key,), 1))
        return found[0] if found else None

    async def of_customer(self, customer_id: str, after: str | None, limit: int) -> Sequence[Order]:
        """Return a page of a customer's orders."""
        where = f"customer_id = ? AND id < ? AND state NOT IN ({_HIDDEN}) ORDER BY id DESC"
        values = (customer_id, after or "~")
        found: Sequence[Order] = await self._engine.read(lambda connection: _select(connection, where, values, limit))
        return found

    async def move(
        self, order_id: str, source: OrderState, target: OrderState, at: datetime, *, unsettled: bool
    ) -> Order:
        """Change the state."""

        def change(connection: sqlite3.Connection) -> Order:
            done = connection.execute(
                "UPDATE orders SET state = ?, updated_at = ?, unsettled = ? WHERE id = ? AND state = ?",
                (target.value, milliseconds(at), int(unsettled), order_id, source.value),
            )
            order = _get(connection, order_id)
            if not done.rowcount:
                raise OrderStateError(order_id, order.state.value, source.value)
            return order

        moved: Order = await self._engine.write(change)
        return moved

    async def settle(self, order_id: str) -> None:
        """Call an order settled."""
        await self._engine.write(
            lambda connection: (
                connection.execute("UPDATE orders SET unsettled = 0 WHERE id = ?", (order_id,)).rowcount
            )
        )

    async def discard(self, order_id: str) -> None:
        """Remove an order."""

        def delete(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM orders WHERE id = ?", (order_id,))
            connection.execute("DELETE FROM order_lines WHERE order_id = ?", (order_id,))

        await self._engine.write(delete)

    async def unsettled(self, before: datetime, limit: int) -> Sequence[Order]:
        """Return orders left unsettled."""
        where, values = "unsettled AND updated_at < ? ORDER BY updated_at, id", (milliseconds(before),)
        found: Sequence[Order] = await self._engine.read(lambda connection: _select(connection, where, values, limit))
        return found

    async def forget_keys(self, before: datetime) -> None:
        """Forget old keys."""
        where = "key IS NOT NULL AND NOT unsettled AND created_at < ?"
        sql = f"UPDATE orders SET key = NULL, fingerprint = NULL WHERE {where}"  # noqa: S608  constant
        await self._engine.write(lambda connection: connection.execute(sql, (milliseconds(before),)).rowcount)

    async def sales(self, query: SalesQuery) -> Sequence[SalesRow]:
        """Return the sales report."""
        rows: Sequence[SalesRow] = await self._engine.read(lambda connection: sales(connection, query))
        return rows


def _insert(connection: sqlite3.Connection, order: Order) -> bool:
    if not connection.execute(_INSERT, order_row(order)).rowcount:
        return False
    connection.executemany("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)", line_rows(order))
    return True


def _get(connection: sqlite3.Connection, order_id: str) -> Order:
    found = _select(connection, "id = ?", (order_id,), 1)
    if not found:
        raise OrderNotFoundError(order_id)
    return found[0]


def _select(connection: sqlite3.Connection, where: str, values: tuple[object, ...], limit: int) -> list[Order]:
    sql = f"SELECT {ORDER} FROM orders WHERE {where} LIMIT ?"  # noqa: S608  constant pieces
    lines = f"SELECT {LINE} FROM order_lines WHERE order_id = ? ORDER BY number"  # noqa: S608  constant columns
    rows = connection.execute(sql, (*values, limit)).fetchall()
    return [read_order(row, connection.execute(lines, (row[0],))) for row in rows]
