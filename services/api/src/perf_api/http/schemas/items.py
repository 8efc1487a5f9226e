"""Items over HTTP."""

from dataclasses import replace
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from perf_api.domain.items import Item, ItemSort
from perf_api.domain.words import words_of
from perf_api.http.problems import ProblemError
from perf_api.http.schemas.fields import (
    MOST_ATTRIBUTES,
    STRICT,
    Amount,
    Attributes,
    AttributesPatch,
    Currency,
    Cursor,
    Id,
    Limit,
    Name,
    Tags,
    Token,
)

LAMP: dict[str, Any] = {
    "sku": "LAMP-0042",
    "name": "Brass desk lamp",
    "category": "lighting",
    "price": 4990,
    "currency": "EUR",
    "stock": 12,
    "tags": ["brass", "sale"],
    "attributes": {"height_cm": 45, "dimmable": True},
}
STORED_LAMP = {"id": "00000000000000000000000042", **LAMP, "version": 1}


class ItemIn(BaseModel):
    """An item as a client sends it; `price` in minor units of the currency (cents)."""

    model_config = STRICT | ConfigDict(json_schema_extra={"example": LAMP})
    sku: Token
    name: Name
    category: Token = "general"
    price: Amount
    currency: Currency = "EUR"
    stock: Amount = 0
    tags: Tags = []
    attributes: Attributes = {}

    def item(self, item_id: str) -> Item:
        """Return the item with an id."""
        values = self.model_dump(exclude={"tags"})
        return Item(id=item_id, tags=tuple(self.tags), **values)


def _without_defaults(schema: dict[str, Any]) -> None:
    """Show the example, and not the defaults, which only mark what was left out."""
    schema["example"] = {"price": 3990, "attributes": {"dimmable": None}}
    for field in schema["properties"].values():
        field.pop("default")


class ItemPatch(BaseModel):
    """A merge patch (RFC 7396): fields that are left out stay; an attribute set to null is removed."""

    model_config = STRICT | ConfigDict(json_schema_extra=_without_defaults)
    sku: Token = ""
    name: Name = ""
    category: Token = ""
    price: Amount = 0
    currency: Currency = ""
    stock: Amount = 0
    tags: Tags = []
    attributes: AttributesPatch = {}

    def applied_to(self, item: Item) -> Item:
        """Return the item with the fields that were sent."""
        changes: dict[str, Any] = {field: getattr(self, field) for field in self.model_fields_set}
        if "tags" in changes:
            changes["tags"] = tuple(self.tags)
        if "attributes" in changes:
            merged = {**item.attributes, **self.attributes}
            changes["attributes"] = {key: value for key, value in merged.items() if value is not None}
            if len(changes["attributes"]) > MOST_ATTRIBUTES:
                raise ProblemError(
                    "invalid", f"an item has at most {MOST_ATTRIBUTES} attributes; remove some with null"
                )
        return replace(item, **changes)


class ItemOut(ItemIn):
    """An item as the service answers it; `version` counts its changes and is its ETag."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": STORED_LAMP})
    id: Id
    version: int


class ItemPage(BaseModel):
    """A page of items; `next_cursor` leads to the following one and is null on the last."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [STORED_LAMP], "next_cursor": None}})
    items: list[ItemOut]
    next_cursor: str | None


class ItemListing(BaseModel):
    """The query of a list of items; bounds include their value."""

    model_config = STRICT
    limit: Limit = 20
    cursor: Cursor | None = None
    sort: ItemSort = ItemSort.ID
    category: Token | None = None
    price_gte: Annotated[int | None, Field(ge=0, le=10**9)] = None
    price_lte: Annotated[int | None, Field(ge=0, le=10**9)] = None
    tag: Token | None = None
    sku_prefix: Token | None = None
    in_stock: bool | None = None


class BulkIn(BaseModel):
    """Up to 500 items at once."""

    model_config = STRICT | ConfigDict(json_schema_extra={"example": {"items": [LAMP]}})
    items: Annotated[list[ItemIn], Field(min_length=1, max_length=500)]


class BulkResult(BaseModel):
    """What became of one item: created (201, with its id) or refused (409, with a code)."""

    index: int
    status: int
    sku: Token
    id: Id | None = None
    code: str | None = None


class BulkOut(BaseModel):
    """One result per item, in the order of the request."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "results": [
                    {"index": 0, "status": 201, "sku": "LAMP-0042", "id": STORED_LAMP["id"], "code": None},
                    {"index": 1, "status": 409, "sku": "LAMP-0042", "id": None, "code": "duplicate-sku"},
                ]
            }
        }
    )
    results: list[BulkResult]


class ItemSearch(BaseModel):
    """The query of a search: items must have all its words and all its tags."""

    model_config = STRICT
    q: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    tags: Annotated[list[Token], Field(max_length=10)] = []
    facets: bool = False
    limit: Limit = 20

    @model_validator(mode="after")
    def _few_words(self) -> Self:
        if len(words_of(self.q)) > 10:
            raise ValueError("q has more than 10 words")
        return self


class FacetOut(BaseModel):
    """How many of all items that were found have a value."""

    value: str
    count: int


class FacetsOut(BaseModel):
    """The 20 most frequent values."""

    categories: list[FacetOut]
    tags: list[FacetOut]


class SearchOut(BaseModel):
    """The first items found; `facets` is null unless asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [STORED_LAMP],
                "facets": {
                    "categories": [{"value": "lighting", "count": 1}],
                    "tags": [{"value": "sale", "count": 1}],
                },
            }
        }
    )
    items: list[ItemOut]
    facets: FacetsOut | None


class QuoteOut(BaseModel):
    """What delivery of an item costs, in minor units."""

    model_config = ConfigDict(json_schema_extra={"example": {"item_id": STORED_LAMP["id"], "price": 539}})
    item_id: Id
    price: int
