"""Items in one SQLite file: WAL, one connection in one thread, durable when a write returns."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from perf_api.items import DuplicateSkuError, Item, ItemNotFoundError

T = TypeVar("T")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    price INTEGER NOT NULL, stock INTEGER NOT NULL CHECK (stock >= 0), version INTEGER NOT NULL)
"""
_COLUMNS = "id, sku, name, price, stock, version"


class SqliteItems:
    """Items in a SQLite database; ":memory:" works too."""

    def __init__(self, path: str) -> None:
        """Open the database and make its table."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._connection = self._thread.submit(_open, path).result()

    async def create(self, sku: str, name: str, price: int, stock: int) -> Item:
        """Add an item."""

        def insert() -> Item:
            values = (sku, name, price, stock, 1)
            cursor = self._write(
                "INSERT INTO items (sku, name, price, stock, version) VALUES (?, ?, ?, ?, ?)", values
            )
            return Item(int(cursor.lastrowid or 0), sku, name, price, stock)

        return await self._do(insert)

    async def read(self, item_id: int) -> Item:
        """Return an item."""
        return await self._do(lambda: self._read(item_id))

    async def page(self, after: int, limit: int) -> list[Item]:
        """Return a keyset page."""
        query = f"SELECT {_COLUMNS} FROM items WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608  constant columns

        def select() -> list[Item]:
            return [Item(*row) for row in self._connection.execute(query, (after, limit))]

        return await self._do(select)

    async def update(self, item: Item) -> Item:
        """Replace an item."""

        def replace() -> Item:
            values = (item.sku, item.name, item.price, item.stock, item.id)
            cursor = self._write(
                "UPDATE items SET sku = ?, name = ?, price = ?, stock = ?, version = version + 1 WHERE id = ?", values
            )
            if not cursor.rowcount:
                raise ItemNotFoundError(item.id)
            return self._read(item.id)

        return await self._do(replace)

    async def delete(self, item_id: int) -> None:
        """Remove an item."""

        def remove() -> None:
            if not self._write("DELETE FROM items WHERE id = ?", (item_id,)).rowcount:
                raise ItemNotFoundError(item_id)

        await self._do(remove)

    async def ping(self) -> None:
        """Ask the database for nothing."""
        await self._do(lambda: self._connection.execute("SELECT 1").fetchone())

    async def close(self) -> None:
        """Close the database."""
        await self._do(self._connection.close)
        self._thread.shutdown()

    def _read(self, item_id: int) -> Item:
        query = f"SELECT {_COLUMNS} FROM items WHERE id = ?"  # noqa: S608  constant columns
        row = self._connection.execute(query, (item_id,)).fetchone()
        if row is None:
            raise ItemNotFoundError(item_id)
        return Item(*row)

    def _write(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        try:
            with self._connection:
                return self._connection.execute(statement, values)
        except sqlite3.IntegrityError as cause:
            raise DuplicateSkuError(values[0]) from cause

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_SCHEMA)
    return connection
