"""The indexes the queries of this adapter stand on, declared here and created where they are missing."""

from collections.abc import Mapping
from types import MappingProxyType

from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import ASCENDING, DESCENDING, IndexModel

from perf_api.adapters.mongo.client import Document

INDEXES: Mapping[str, tuple[IndexModel, ...]] = MappingProxyType(
    {
        "items": (
            IndexModel([("sku", ASCENDING)], name="sku", unique=True),
            IndexModel([("category", ASCENDING), ("price", ASCENDING), ("_id", ASCENDING)], name="category_price"),
            IndexModel([("price", ASCENDING), ("_id", ASCENDING)], name="price"),
            IndexModel([("name", ASCENDING), ("_id", ASCENDING)], name="name"),
            IndexModel([("tags", ASCENDING), ("_id", ASCENDING)], name="tags"),
            IndexModel([("words", ASCENDING), ("_id", ASCENDING)], name="words"),
        ),
        "orders": (
            # Sparse: an order without a key has no such field.
            IndexModel([("key", ASCENDING)], name="key", unique=True, sparse=True),
            IndexModel([("customer_id", ASCENDING), ("_id", DESCENDING)], name="customer"),
            IndexModel([("unsettled", ASCENDING), ("updated_at", ASCENDING), ("_id", ASCENDING)], name="unsettled"),
            IndexModel([("created_at", ASCENDING)], name="created_at"),
        ),
    }
)


async def create_indexes(database: AsyncIOMotorDatabase[Document]) -> None:
    """Create what is missing; what is there stays, so this may be called at every start of every replica.

    One by one: FerretDB 1.24 drops the connection when a command names several indexes that are there already.
    """
    for collection, indexes in INDEXES.items():
        for index in indexes:
            await database[collection].create_indexes([index])
