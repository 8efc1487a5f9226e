"""Filters and pipelines over items, built from typed values only: no dictionary of a client ever gets here."""

from perf_api.adapters.mongo.client import Document
from perf_api.domain.items import FACET_VALUES, ItemQuery, ItemSort, Position, SearchQuery

_FIRST_AFTER_PREFIX = "\U0010ffff"


def page_filter(query: ItemQuery) -> Document:
    """Return the filter of a page."""
    conditions = _conditions(query)
    if query.after is not None:
        conditions.append(_after(query.sort, query.after))
    return {"$and": conditions} if conditions else {}


def page_sort(sort: ItemSort) -> list[tuple[str, int]]:
    """Return the sort keys of a page; the id makes the order complete."""
    direction = -1 if sort.descending else 1
    return [("_id", direction)] if sort.field == "id" else [(sort.field, direction), ("_id", direction)]


def search_filter(query: SearchQuery) -> Document:
    """Return the filter of a search."""
    wanted: Document = {}
    if query.words:
        wanted["words"] = {"$all": list(query.words)}
    if query.tags:
        wanted["tags"] = {"$all": list(query.tags)}
    return wanted


def facet_pipeline(query: SearchQuery, field: str, *, unwind: bool) -> list[Document]:
    """Return the pipeline that counts the values of a field over all matching items."""
    return [
        {"$match": search_filter(query)},
        *([{"$unwind": f"${field}"}] if unwind else []),
        {"$group": {"_id": f"${field}", "count": {"$sum": 1}}},
        {"$sort": {"count": -1, "_id": 1}},
        {"$limit": FACET_VALUES},
    ]


def _conditions(query: ItemQuery) -> list[Document]:
    pairs: list[tuple[object, Document]] = [
        (query.category, {"category": {"$eq": query.category}}),
        (query.price_gte, {"price": {"$gte": query.price_gte}}),
        (query.price_lte, {"price": {"$lte": query.price_lte}}),
        (query.tag, {"tags": {"$eq": query.tag}}),
        (query.sku_prefix, {"sku": {"$gte": query.sku_prefix, "$lt": f"{query.sku_prefix}{_FIRST_AFTER_PREFIX}"}}),
        (query.in_stock, {"stock": {"$gt": 0} if query.in_stock else {"$lte": 0}}),
    ]
    return [condition for value, condition in pairs if value is not None]


def _after(sort: ItemSort, position: Position) -> Document:
    compare = "$lt" if sort.descending else "$gt"
    if sort.field == "id":
        return {"_id": {compare: position.id}}
    equal = {"$and": [{sort.field: {"$eq": position.value}}, {"_id": {compare: position.id}}]}
    return {"$or": [{sort.field: {compare: position.value}}, equal]}
