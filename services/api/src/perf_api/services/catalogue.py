"""Items as they are read most: finished JSON from the cache, dropped at every change."""

from dataclasses import dataclass

from pydantic_core import to_json

from perf_api.cache.loading import LoadingCache
from perf_api.domain.errors import ItemNotFoundError
from perf_api.domain.items import Item
from perf_api.domain.ports import ItemRepository


@dataclass(frozen=True, slots=True)
class Document:
    """An item as JSON, and its version."""

    content: bytes
    version: int


class Catalogue:
    """Reads through the cache, writes through to the repository."""

    def __init__(self, items: ItemRepository, cache: LoadingCache[str, Document]) -> None:
        """Use an open repository."""
        self._items, self._cache = items, cache

    async def document(self, item_id: str) -> Document:
        """Return an item as JSON; ItemNotFoundError. May be as old as the cache allows when others write too."""
        document = await self._cache.load(item_id, lambda: self._load(item_id))
        if document is None:
            raise ItemNotFoundError(item_id)
        return document

    async def add(self, item: Item) -> None:
        """Add an item; DuplicateSkuError."""
        await self._items.add(item)
        self.changed(item.id)

    async def replace(self, item: Item, expected: int | None) -> Item:
        """Replace an item; ItemNotFoundError, StaleVersionError, DuplicateSkuError."""
        try:
            return await self._items.replace(item, expected)
        finally:
            self.changed(item.id)

    async def remove(self, item_id: str, expected: int | None) -> None:
        """Remove an item; ItemNotFoundError, StaleVersionError."""
        try:
            await self._items.remove(item_id, expected)
        finally:
            self.changed(item_id)

    def changed(self, item_id: str) -> None:
        """Forget what is cached of an item: it was changed, or may have been."""
        self._cache.invalidate(item_id)

    async def _load(self, item_id: str) -> Document | None:
        try:
            item = await self._items.get(item_id)
        except ItemNotFoundError:
            return None
        return Document(to_json(item), item.version)
