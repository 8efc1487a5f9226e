"""What the service needs of a database. Two adapters implement it; one contract suite runs over both.

True of every method: it raises DatabaseUnavailableError when the database does not answer, never a driver's error; a
write is durable when the method returns; a write that raises has changed nothing (after DatabaseUnavailableError,
nobody knows). Every method is atomic by itself; nothing spans two methods.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from perf_api.domain.items import Item, ItemQuery, SearchQuery, SearchResult
from perf_api.domain.orders import Order, OrderState
from perf_api.domain.sales import SalesQuery, SalesRow


class ItemRepository(Protocol):
    """Where items are kept; `sku` is unique. Every change of an item, also of its stock, counts its version up."""

    async def add(self, item: Item) -> None:
        """Add an item; DuplicateSkuError."""
        ...

    async def add_many(self, items: Sequence[Item]) -> frozenset[str]:
        """Add the items whose id and SKU are free; return the ids of those that were not added. One batch of writes.

        Of two items with one SKU in the call, the first is added.
        """
        ...

    async def get(self, item_id: str) -> Item:
        """Return an item; ItemNotFoundError."""
        ...

    async def replace(self, item: Item, expected: int | None) -> Item:
        """Replace everything but id and version, and return the item with its new version.

        `expected` is the version it must have now, None for any; `item.version` is ignored.
        ItemNotFoundError, StaleVersionError, DuplicateSkuError.
        """
        ...

    async def remove(self, item_id: str, expected: int | None) -> None:
        """Remove an item; ItemNotFoundError, StaleVersionError."""
        ...

    async def page(self, query: ItemQuery) -> Sequence[Item]:
        """Return at most `query.limit` items after `query.after` (exclusive) in the query's order."""
        ...

    async def search(self, query: SearchQuery) -> SearchResult:
        """Return the items that have all words and all tags, by id; facets count over all of them."""
        ...

    async def change_stock(self, item_id: str, key: str, change: int) -> None:
        """Add `change` to the stock and remember `key` with it; when `key` is remembered already, do nothing.

        One conditional update: of any number of concurrent callers none brings the stock below zero.
        ItemNotFoundError, OutOfStockError (stock + change would be below zero).
        """
        ...

    async def undo_stock(self, item_id: str, key: str) -> None:
        """Take back the change remembered under `key` and forget the key, in one update; nothing if unknown."""
        ...

    async def forget_stock(self, item_id: str, key: str) -> None:
        """Forget a key and keep its change; the version stays. Nothing when key or item are unknown."""
        ...


class OrderRepository(Protocol):
    """Where orders are kept. `key` is unique among the orders that have one."""

    async def begin(self, order: Order) -> Order:
        """Store a new order; return it, or the order that holds its `key` already (then nothing is stored)."""
        ...

    async def add_many(self, orders: Sequence[Order]) -> None:
        """Store orders without keys; those whose id is there stay as they are. One batch of writes."""
        ...

    async def get(self, order_id: str) -> Order:
        """Return an order in whatever state; OrderNotFoundError."""
        ...

    async def with_key(self, key: str) -> Order | None:
        """Return the order that holds an Idempotency-Key, None when there is none."""
        ...

    async def of_customer(self, customer_id: str, after: str | None, limit: int) -> Sequence[Order]:
        """Return at most `limit` orders of a customer with ids below `after`, highest first; none is in HIDDEN."""
        ...

    async def move(
        self, order_id: str, source: OrderState, target: OrderState, at: datetime, *, unsettled: bool
    ) -> Order:
        """Change state, `updated_at` and `unsettled` in one conditional update; return the order.

        OrderNotFoundError, OrderStateError (it is not in `source`; of concurrent callers exactly one succeeds).
        """
        ...

    async def settle(self, order_id: str) -> None:
        """Set `unsettled` to false; nothing when the order is unknown."""
        ...

    async def discard(self, order_id: str) -> None:
        """Remove an order, and with it its key; nothing when it is unknown."""
        ...

    async def unsettled(self, before: datetime, limit: int) -> Sequence[Order]:
        """Return at most `limit` unsettled orders with `updated_at` before a time, oldest first."""
        ...

    async def forget_keys(self, before: datetime) -> None:
        """Set `key` and `fingerprint` of settled orders made before a time to None."""
        ...

    async def sales(self, query: SalesQuery) -> Sequence[SalesRow]:
        """Return one row per group and currency, at most `query.limit`: highest revenue first, then key, currency."""
        ...


class Database(Protocol):
    """One open database. Opening it connects to nothing remote: `prepare` does, and is tried until it succeeds."""

    @property
    def items(self) -> ItemRepository:
        """Return the items."""
        ...

    @property
    def orders(self) -> OrderRepository:
        """Return the orders."""
        ...

    async def prepare(self) -> None:
        """Create tables or indexes that are missing; may be called again and again."""
        ...

    async def ping(self) -> None:
        """Ask the database for nothing and wait for its answer, at most two seconds."""
        ...

    async def close(self) -> None:
        """Finish what is being written and close; nothing else may be called afterwards."""
        ...
