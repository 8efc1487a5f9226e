"""Lists and searches over items: SQL from constant pieces, every value a parameter."""

import sqlite3
from typing import Any

from perf_api.adapters.sqlite.rows import ITEM, read_item
from perf_api.domain.items import FACET_VALUES, FacetCount, Facets, Item, ItemQuery, SearchQuery, SearchResult

_FIRST_AFTER_PREFIX = "\U0010ffff"


def page(connection: sqlite3.Connection, query: ItemQuery) -> list[Item]:
    """Return a keyset page."""
    conditions, values = _filters(query)
    sorted_by, compare = query.sort.field, "<" if query.sort.descending else ">"
    if query.after is not None and sorted_by == "id":
        conditions.append(f"id {compare} ?")
        values.append(query.after.id)
    elif query.after is not None:
        conditions.append(f"({sorted_by}, id) {compare} (?, ?)")
        values += [query.after.value, query.after.id]
    direction = "DESC" if query.sort.descending else "ASC"
    order = f"id {direction}" if sorted_by == "id" else f"{sorted_by} {direction}, id {direction}"
    where = " AND ".join(conditions) or "1"
    sql = f"SELECT {ITEM} FROM items WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608  constant pieces
    return [read_item(row) for row in connection.execute(sql, (*values, query.limit))]


def _filters(query: ItemQuery) -> tuple[list[str], list[Any]]:
    pairs: list[tuple[str, Any]] = [
        ("category = ?", query.category),
        ("price >= ?", query.price_gte),
        ("price <= ?", query.price_lte),
        ("id IN (SELECT item_id FROM item_tags WHERE tag = ?)", query.tag),
        ("sku >= ?", query.sku_prefix),
        ("sku < ?", query.sku_prefix and query.sku_prefix + _FIRST_AFTER_PREFIX),
        ("(stock > 0) = ?", query.in_stock),
    ]
    chosen = [(condition, value) for condition, value in pairs if value is not None]
    return [condition for condition, _ in chosen], [value for _, value in chosen]


def search(connection: sqlite3.Connection, query: SearchQuery) -> SearchResult:
    """Return the items with all words and tags, and facets over all of them."""
    values = (*query.words, *query.tags)
    sql = f"SELECT {ITEM} FROM items WHERE {_matching('id', query)} ORDER BY id LIMIT ?"  # noqa: S608  constant pieces
    found = tuple(read_item(row) for row in connection.execute(sql, (*values, query.limit)))
    if not query.facets:
        return SearchResult(found)
    categories = _counts(connection, "category", f"items WHERE {_matching('id', query)}", values)
    tags = _counts(connection, "tag", f"item_tags WHERE {_matching('item_id', query)}", values)
    return SearchResult(found, Facets(categories, tags))


def _matching(column: str, query: SearchQuery) -> str:
    """Return the condition that a column holds the id of an item with all words and all tags."""
    conditions = [f"{column} IN (SELECT item_id FROM item_words WHERE word = ?)"] * len(query.words)  # noqa: S608
    conditions += [f"{column} IN (SELECT item_id FROM item_tags WHERE tag = ?)"] * len(query.tags)  # noqa: S608
    return " AND ".join(conditions) or "1"


def _counts(
    connection: sqlite3.Connection, column: str, source: str, values: tuple[str, ...]
) -> tuple[FacetCount, ...]:
    sql = f"SELECT {column}, COUNT(*) FROM {source} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?"  # noqa: S608  as above
    return tuple(FacetCount(*row) for row in connection.execute(sql, (*values, FACET_VALUES)))
