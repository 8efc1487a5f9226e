"""Items in MongoDB."""

from collections.abc import Sequence

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ReturnDocument
from pymongo.errors import BulkWriteError

from perf_api.adapters.mongo.client import Document
from perf_api.adapters.mongo.documents import HIDDEN_FIELDS, item_document, item_fields, read_item
from perf_api.adapters.mongo.errors import duplicate_as, duplicate_indexes, translated
from perf_api.adapters.mongo.item_queries import facet_pipeline, page_filter, page_sort, search_filter
from perf_api.domain.errors import DuplicateSkuError, ItemNotFoundError, OutOfStockError, StaleVersionError
from perf_api.domain.items import FacetCount, Facets, Item, ItemQuery, SearchQuery, SearchResult


class MongoItems:
    """See domain.ports.ItemRepository. A change of stock is held under its key in the item's own document."""

    def __init__(self, collection: AsyncIOMotorCollection[Document]) -> None:
        """Use a collection."""
        self._items = collection

    @translated
    async def add(self, item: Item) -> None:
        """Add an item."""
        with duplicate_as(DuplicateSkuError(item.sku)):
            await self._items.insert_one(item_document(item))

    @translated
    async def add_many(self, items: Sequence[Item]) -> frozenset[str]:
        """Add what is free."""
        if not items:
            return frozenset()
        try:
            await self._items.insert_many([item_document(item) for item in items], ordered=False)
        except BulkWriteError as error:
            return frozenset(items[index].id for index in duplicate_indexes(error))
        return frozenset()

    @translated
    async def get(self, item_id: str) -> Item:
        """Return an item."""
        document = await self._items.find_one({"_id": item_id}, HIDDEN_FIELDS)
        if document is None:
            raise ItemNotFoundError(item_id)
        return read_item(document)

    @translated
    async def replace(self, item: Item, expected: int | None) -> Item:
        """Replace an item."""
        with duplicate_as(DuplicateSkuError(item.sku)):
            document = await self._items.find_one_and_update(
                _version_filter(item.id, expected),
                {"$set": item_fields(item), "$inc": {"version": 1}},
                return_document=ReturnDocument.AFTER,
            )
        if document is None:
            raise await self._not_there(item.id)
        return read_item(document)

    @translated
    async def remove(self, item_id: str, expected: int | None) -> None:
        """Remove an item."""
        if not (await self._items.delete_one(_version_filter(item_id, expected))).deleted_count:
            raise await self._not_there(item_id)

    @translated
    async def page(self, query: ItemQuery) -> Sequence[Item]:
        """Return a page."""
        cursor = self._items.find(page_filter(query), HIDDEN_FIELDS, sort=page_sort(query.sort), limit=query.limit)
        return [read_item(document) async for document in cursor]

    @translated
    async def search(self, query: SearchQuery) -> SearchResult:
        """Return what matches."""
        cursor = self._items.find(search_filter(query), HIDDEN_FIELDS, sort=[("_id", 1)], limit=query.limit)
        found = tuple([read_item(document) async for document in cursor])
        if not query.facets:
            return SearchResult(found)
        categories = await self._counts(facet_pipeline(query, "category", unwind=False))
        tags = await self._counts(facet_pipeline(query, "tags", unwind=True))
        return SearchResult(found, Facets(categories, tags))

    @translated
    async def change_stock(self, item_id: str, key: str, change: int) -> None:
        """Change the stock once per key."""
        held = f"held.{key}"
        done = await self._items.update_one(
            {"_id": item_id, held: {"$exists": False}, "stock": {"$gte": -change}},
            {"$inc": {"stock": change, "version": 1}, "$set": {held: change}},
        )
        if done.matched_count:
            return
        document = await self._items.find_one({"_id": item_id}, {held: 1})
        if document is None:
            raise ItemNotFoundError(item_id)
        if key not in document.get("held", {}):
            raise OutOfStockError(item_id)

    @translated
    async def undo_stock(self, item_id: str, key: str) -> None:
        """Take a change back."""
        held = f"held.{key}"
        document = await self._items.find_one({"_id": item_id}, {held: 1})
        change = None if document is None else document.get("held", {}).get(key)
        if change is not None:
            await self._items.update_one(
                {"_id": item_id, held: {"$eq": change}},
                {"$inc": {"stock": -change, "version": 1}, "$unset": {held: ""}},
            )

    @translated
    async def forget_stock(self, item_id: str, key: str) -> None:
        """Forget a key."""
        await self._items.update_one({"_id": item_id}, {"$unset": {f"held.{key}": ""}})

    async def _not_there(self, item_id: str) -> ItemNotFoundError | StaleVersionError:
        exists = await self._items.find_one({"_id": item_id}, {"_id": 1})
        return StaleVersionError(item_id) if exists else ItemNotFoundError(item_id)

    async def _counts(self, pipeline: list[Document]) -> tuple[FacetCount, ...]:
        cursor = self._items.aggregate(pipeline)
        return tuple([FacetCount(document["_id"], document["count"]) async for document in cursor])


def _version_filter(item_id: str, expected: int | None) -> Document:
    return {"_id": item_id} if expected is None else {"_id": item_id, "version": expected}
