"""Rows of the tables and values of the domain, both ways."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from perf_api.domain.items import Item
from perf_api.domain.orders import Order, OrderLine, OrderState

Row = tuple[Any, ...]

ITEM = "id, sku, name, category, price, currency, stock, tags, attributes, version"
ORDER = "id, customer_id, currency, total, state, created_at, updated_at, unsettled, key, fingerprint"
LINE = "item_id, sku, category, quantity, unit_price, amount"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def item_row(item: Item) -> Row:
    """Return the values of ITEM."""
    lists = json.dumps(item.tags), json.dumps(dict(item.attributes))
    return (item.id, item.sku, item.name, item.category, item.price, item.currency, item.stock, *lists, item.version)


def read_item(row: Row) -> Item:
    """Return the item of a row of ITEM."""
    item_id, sku, name, category, price, currency, stock, tags, attributes, version = row
    lists = tuple(json.loads(tags)), json.loads(attributes)
    return Item(item_id, sku, name, category, price, currency, stock, *lists, version)


def order_row(order: Order) -> Row:
    """Return the values of ORDER."""
    times = milliseconds(order.created_at), milliseconds(order.updated_at)
    head = (order.id, order.customer_id, order.currency, order.total, order.state.value, *times)
    return (*head, int(order.unsettled), order.key, order.fingerprint)


def line_rows(order: Order) -> list[Row]:
    """Return the values of order_lines."""
    return [
        (order.id, number, line.item_id, line.sku, line.category, line.quantity, line.unit_price, line.amount)
        for number, line in enumerate(order.lines)
    ]


def read_order(row: Row, lines: Iterable[Row]) -> Order:
    """Return the order of a row of ORDER and rows of LINE."""
    order_id, customer_id, currency, total, state, created_at, updated_at, unsettled, key, fingerprint = row
    return Order(
        id=order_id,
        customer_id=customer_id,
        currency=currency,
        lines=tuple(OrderLine(*line) for line in lines),
        total=total,
        state=OrderState(state),
        created_at=moment(created_at),
        updated_at=moment(updated_at),
        unsettled=bool(unsettled),
        key=key,
        fingerprint=fingerprint,
    )


def milliseconds(time: datetime) -> int:
    """Return whole milliseconds since 1970."""
    return (time - _EPOCH) // _MILLISECOND


def moment(value: int) -> datetime:
    """Return the time of milliseconds since 1970."""
    return _EPOCH + value * _MILLISECOND
