"""The sales report in SQL."""

import sqlite3

from perf_api.adapters.sqlite.rows import milliseconds
from perf_api.domain.orders import SOLD
from perf_api.domain.sales import SalesGroup, SalesQuery, SalesRow

_GROUPS = {
    SalesGroup.DAY: "date(orders.created_at / 1000, 'unixepoch')",
    SalesGroup.CATEGORY: "order_lines.category",
    SalesGroup.SKU: "order_lines.sku",
}
_SOLD = ", ".join(f"'{state.value}'" for state in sorted(SOLD))


def sales(connection: sqlite3.Connection, query: SalesQuery) -> list[SalesRow]:
    """Sum lines by group and currency."""
    sql = f"""
        SELECT {_GROUPS[query.group]} AS key, currency, COUNT(*), SUM(quantity), SUM(amount)
        FROM orders JOIN order_lines ON order_id = orders.id
        WHERE orders.created_at >= ? AND orders.created_at < ? AND state IN ({_SOLD})
        GROUP BY 1, 2 ORDER BY 5 DESC, 1, 2 LIMIT ?
    """  # noqa: S608  constant pieces
    values = (milliseconds(query.since), milliseconds(query.until), query.limit)
    return [SalesRow(*row) for row in connection.execute(sql, values)]
