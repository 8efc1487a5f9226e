"""Items for sale, and what can be asked about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Item:
    """An item for sale; `price` in minor units of the currency, `version` counts its changes from 1."""

    id: str
    sku: str
    name: str
    category: str
    price: int
    currency: str
    stock: int
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    version: int = 1


class ItemSort(StrEnum):
    """The orders a list of items can have; a minus means descending. Equal values are ordered by id, the same way."""

    ID = "id"
    ID_DESCENDING = "-id"
    PRICE = "price"
    PRICE_DESCENDING = "-price"
    NAME = "name"
    NAME_DESCENDING = "-name"

    @property
    def field(self) -> str:
        """Return the field's name."""
        return self.value.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Say whether the greatest value comes first."""
        return self.value.startswith("-")


@dataclass(frozen=True, slots=True)
class Position:
    """The place of an item in a sorted list: the value it is sorted by (None when that is the id), and its id."""

    id: str
    value: str | int | None = None


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items, in which order, after which position; a None filters nothing. Bounds include their value."""

    limit: int
    sort: ItemSort = ItemSort.ID
    after: Position | None = None
    category: str | None = None
    price_gte: int | None = None
    price_lte: int | None = None
    tag: str | None = None
    sku_prefix: str | None = None
    in_stock: bool | None = None


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Items that have all these words (see `words`) and all these tags, by id; both may be empty."""

    limit: int
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    facets: bool = False


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many of all matching items have a value."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """The most frequent values over all matching items, at most FACET_VALUES each, by falling count, then value."""

    categories: tuple[FacetCount, ...]
    tags: tuple[FacetCount, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The first matching items; facets if they were asked for."""

    items: tuple[Item, ...]
    facets: Facets | None = None


FACET_VALUES = 20
