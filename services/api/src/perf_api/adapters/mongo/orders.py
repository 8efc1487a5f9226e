"""Orders in MongoDB."""

from collections.abc import Sequence
from datetime import datetime

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ReturnDocument
from pymongo.errors import BulkWriteError, PyMongoError

from perf_api.adapters.mongo.client import Document
from perf_api.adapters.mongo.documents import order_document, read_order
from perf_api.adapters.mongo.errors import duplicate_indexes, is_duplicate, translated
from perf_api.adapters.mongo.sales import SalesReport
from perf_api.domain.errors import DatabaseUnavailableError, OrderNotFoundError, OrderStateError
from perf_api.domain.orders import HIDDEN, Order, OrderState
from perf_api.domain.sales import SalesQuery, SalesRow

_ATTEMPTS = 5
"""Of storing an order whose key is taken, but free again when its holder is looked for."""


class MongoOrders:
    """See domain.ports.OrderRepository."""

    def __init__(self, collection: AsyncIOMotorCollection[Document]) -> None:
        """Use a collection."""
        self._orders = collection

    @translated
    async def begin(self, order: Order) -> Order:
        """Store a new order, or return the one that holds its key."""
        for _ in range(_ATTEMPTS):
            try:
                await self._orders.insert_one(order_document(order))
            except PyMongoError as error:
                if order.key is None or not is_duplicate(error):
                    raise
            else:
                return order
            holder = await self._orders.find_one({"key": order.key})
            if holder is not None:
                return read_order(holder)
        raise DatabaseUnavailableError("the Idempotency-Key of an order changes hands too fast; repeat the request")

    @translated
    async def add_many(self, orders: Sequence[Order]) -> None:
        """Store orders without keys."""
        if not orders:
            return
        try:
            await self._orders.insert_many([order_document(order) for order in orders], ordered=False)
        except BulkWriteError as error:
            duplicate_indexes(error)

    @translated
    async def get(self, order_id: str) -> Order:
        """Return an order."""
        document = await self._orders.find_one({"_id": order_id})
        if document is None:
            raise OrderNotFoundError(order_id)
        return read_order(document)

    @translated
    async def with_key(self, key: str) -> Order | None:
        """Return the order that holds a key."""
        document = await self._orders.find_one({"key": key})
        return None if document is None else read_order(document)

    @translated
    async def of_customer(self, customer_id: str, after: str | None, limit: int) -> Sequence[Order]:
        """Return a page of a customer's orders."""
        wanted: Document = {"customer_id": customer_id, "state": {"$nin": sorted(HIDDEN)}}
        if after is not None:
            wanted["_id"] = {"$lt": after}
        cursor = self._orders.find(wanted, sort=[("_id", -1)], limit=limit)
        return [read_order(document) async for document in cursor]

    @translated
    async def move(
        self, order_id: str, source: OrderState, target: OrderState, at: datetime, *, unsettled: bool
    ) -> Order:
        """Change the state."""
        document = await self._orders.find_one_and_update(
            {"_id": order_id, "state": source.value},
            {"$set": {"state": target.value, "updated_at": at, "unsettled": unsettled}},
            return_document=ReturnDocument.AFTER,
        )
        if document is not None:
            return read_order(document)
        order = await self.get(order_id)
        raise OrderStateError(order_id, order.state.value, source.value)

    @translated
    async def settle(self, order_id: str) -> None:
        """Call an order settled."""
        await self._orders.update_one({"_id": order_id}, {"$set": {"unsettled": False}})

    @translated
    async def discard(self, order_id: str) -> None:
        """Remove an order."""
        await self._orders.delete_one({"_id": order_id})

    @translated
    async def unsettled(self, before: datetime, limit: int) -> Sequence[Order]:
        """Return orders left unsettled."""
        wanted = {"unsettled": True, "updated_at": {"$lt": before}}
        cursor = self._orders.find(wanted, sort=[("updated_at", 1), ("_id", 1)], limit=limit)
        return [read_order(document) async for document in cursor]

    @translated
    async def forget_keys(self, before: datetime) -> None:
        """Forget old keys."""
        await self._orders.update_many(
            {"key": {"$exists": True}, "unsettled": False, "created_at": {"$lt": before}},
            {"$unset": {"key": "", "fingerprint": ""}},
        )

    @translated
    async def sales(self, query: SalesQuery) -> Sequence[SalesRow]:
        """Return the sales report."""
        return await SalesReport(self._orders, query).rows()
