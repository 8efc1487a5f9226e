"""Items in SQLite."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from perf_api.adapters.sqlite import item_queries
from perf_api.adapters.sqlite.engine import Engine
from perf_api.adapters.sqlite.rows import ITEM, item_row, read_item
from perf_api.domain.errors import DuplicateSkuError, ItemNotFoundError, OutOfStockError, StaleVersionError
from perf_api.domain.items import Item, ItemQuery, SearchQuery, SearchResult
from perf_api.domain.words import item_words

_INSERT = f"INSERT INTO items ({ITEM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  constant columns
_REPLACE = (
    "UPDATE items SET sku = ?, name = ?, category = ?, price = ?, currency = ?, stock = ?, tags = ?, attributes = ?, "
    "version = ? WHERE id = ?"
)


class SqliteItems:
    """See domain.ports.ItemRepository."""

    def __init__(self, engine: Engine) -> None:
        """Use an open engine."""
        self._engine = engine

    async def add(self, item: Item) -> None:
        """Add an item."""
        await self._engine.write(lambda connection: _insert(connection, item))

    async def add_many(self, items: Sequence[Item]) -> frozenset[str]:
        """Add what is free."""

        def insert(connection: sqlite3.Connection) -> frozenset[str]:
            return frozenset(item.id for item in items if not _insert_if_free(connection, item))

        refused: frozenset[str] = await self._engine.write(insert)
        return refused

    async def get(self, item_id: str) -> Item:
        """Return an item."""
        item: Item = await self._engine.read(lambda connection: _get(connection, item_id))
        return item

    async def replace(self, item: Item, expected: int | None) -> Item:
        """Replace an item."""

        def change(connection: sqlite3.Connection) -> Item:
            version = _checked_version(connection, item.id, expected)
            new = replace(item, version=version + 1)
            try:
                connection.execute(_REPLACE, (*item_row(new)[1:], new.id))
            except sqlite3.IntegrityError as cause:
                raise DuplicateSkuError(item.sku) from cause
            _forget_words(connection, new.id)
            _learn_words(connection, new)
            return new

        changed: Item = await self._engine.write(change)
        return changed

    async def remove(self, item_id: str, expected: int | None) -> None:
        """Remove an item."""

        def delete(connection: sqlite3.Connection) -> None:
            _checked_version(connection, item_id, expected)
            connection.execute("DELETE FROM items WHERE id = ?", (item_id,))
            connection.execute("DELETE FROM stock_changes WHERE item_id = ?", (item_id,))
            _forget_words(connection, item_id)

        await self._engine.write(delete)

    async def page(self, query: ItemQuery) -> Sequence[Item]:
        """Return a page."""
        found: Sequence[Item] = await self._engine.read(lambda connection: item_queries.page(connection, query))
        return found

    async def search(self, query: SearchQuery) -> SearchResult:
        """Return what matches."""
        found: SearchResult = await self._engine.read(lambda connection: item_queries.search(connection, query))
        return found

    async def change_stock(self, item_id: str, key: str, change: int) -> None:
        """Change the stock once per key."""

        def apply(connection: sqlite3.Connection) -> None:
            if not _remember(connection, item_id, key, change):
                return
            done = connection.execute(
                "UPDATE items SET stock = stock + ?, version = version + 1 WHERE id = ? AND stock + ? >= 0",
                (change, item_id, change),
            )
            if not done.rowcount:
                _get(connection, item_id)
                raise OutOfStockError(item_id)

        await self._engine.write(apply)

    async def undo_stock(self, item_id: str, key: str) -> None:
        """Take a change back."""

        def undo(connection: sqlite3.Connection) -> None:
            forgotten = _forget(connection, item_id, key)
            if forgotten is not None:
                connection.execute(
                    "UPDATE items SET stock = stock - ?, version = version + 1 WHERE id = ?", (forgotten, item_id)
                )

        await self._engine.write(undo)

    async def forget_stock(self, item_id: str, key: str) -> None:
        """Forget a key."""
        await self._engine.write(lambda connection: _forget(connection, item_id, key))


def _insert(connection: sqlite3.Connection, item: Item) -> None:
    try:
        connection.execute(_INSERT, item_row(item))
    except sqlite3.IntegrityError as cause:
        raise DuplicateSkuError(item.sku) from cause
    _learn_words(connection, item)


def _insert_if_free(connection: sqlite3.Connection, item: Item) -> bool:
    try:
        _insert(connection, item)
    except DuplicateSkuError:
        return False
    return True


def _get(connection: sqlite3.Connection, item_id: str) -> Item:
    query = f"SELECT {ITEM} FROM items WHERE id = ?"  # noqa: S608  constant columns
    row = connection.execute(query, (item_id,)).fetchone()
    if row is None:
        raise ItemNotFoundError(item_id)
    return read_item(row)


def _checked_version(connection: sqlite3.Connection, item_id: str, expected: int | None) -> int:
    row = connection.execute("SELECT version FROM items WHERE id = ?", (item_id,)).fetchone()
    if row is None:
        raise ItemNotFoundError(item_id)
    if expected not in (None, row[0]):
        raise StaleVersionError(item_id)
    return int(row[0])


def _learn_words(connection: sqlite3.Connection, item: Item) -> None:
    words = [(word, item.id) for word in item_words(item)]
    connection.executemany("INSERT INTO item_words VALUES (?, ?)", words)
    connection.executemany("INSERT OR IGNORE INTO item_tags VALUES (?, ?)", [(tag, item.id) for tag in item.tags])


def _forget_words(connection: sqlite3.Connection, item_id: str) -> None:
    connection.execute("DELETE FROM item_words WHERE item_id = ?", (item_id,))
    connection.execute("DELETE FROM item_tags WHERE item_id = ?", (item_id,))


def _remember(connection: sqlite3.Connection, item_id: str, key: str, change: int) -> bool:
    insert = "INSERT OR IGNORE INTO stock_changes VALUES (?, ?, ?)"
    return connection.execute(insert, (item_id, key, change)).rowcount == 1


def _forget(connection: sqlite3.Connection, item_id: str, key: str) -> int | None:
    row = connection.execute(
        "DELETE FROM stock_changes WHERE item_id = ? AND key = ? RETURNING change", (item_id, key)
    ).fetchone()
    return None if row is None else int(row[0])
