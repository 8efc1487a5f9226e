"""Items and where they are kept: the value, the port, and what can go wrong."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Item:
    """An item for sale; `price` in minor units of the currency."""

    id: int
    sku: str
    name: str
    price: int
    stock: int
    version: int = 1


class ItemNotFoundError(LookupError):
    """Raised when there is no item of that id."""


class DuplicateSkuError(ValueError):
    """Raised when another item has that SKU."""


class ItemRepository(Protocol):
    """Where items are kept; every write is durable when it returns."""

    async def create(self, sku: str, name: str, price: int, stock: int) -> Item:
        """Add an item; DuplicateSkuError."""
        ...

    async def read(self, item_id: int) -> Item:
        """Return an item; ItemNotFoundError."""
        ...

    async def page(self, after: int, limit: int) -> list[Item]:
        """Return up to `limit` items with ids above `after`, by id."""
        ...

    async def update(self, item: Item) -> Item:
        """Replace an item and count its version up; ItemNotFoundError, DuplicateSkuError."""
        ...

    async def delete(self, item_id: int) -> None:
        """Remove an item; ItemNotFoundError."""
        ...

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        ...

    async def close(self) -> None:
        """Close the database."""
        ...
