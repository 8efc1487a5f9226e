"""Documents of the collections and values of the domain, both ways."""

from perf_api.adapters.mongo.client import Document
from perf_api.domain.items import Item
from perf_api.domain.orders import Order, OrderLine, OrderState
from perf_api.domain.sales import SalesGroup
from perf_api.domain.words import item_words

HIDDEN_FIELDS = {"held": 0, "words": 0}
"""What of an item's document is not part of the item: changes of stock by their key, and the words it is found by."""
SEPARATOR = "\x1f"
"""Sorts before every printable character, so that joined keys sort like their parts."""


def item_fields(item: Item) -> Document:
    """Return what a client can change of an item, and the words that follow from it."""
    return {
        "sku": item.sku,
        "name": item.name,
        "category": item.category,
        "price": item.price,
        "currency": item.currency,
        "stock": item.stock,
        "tags": list(item.tags),
        "attributes": dict(item.attributes),
        "words": list(item_words(item)),
    }


def item_document(item: Item) -> Document:
    """Return the document of a new item."""
    return {"_id": item.id, **item_fields(item), "version": item.version}


def read_item(document: Document) -> Item:
    """Return the item of a document."""
    return Item(
        id=document["_id"],
        sku=document["sku"],
        name=document["name"],
        category=document["category"],
        price=document["price"],
        currency=document["currency"],
        stock=document["stock"],
        tags=tuple(document["tags"]),
        attributes=document["attributes"],
        version=document["version"],
    )


def order_document(order: Order) -> Document:
    """Return the document of an order; without a key it has no such field."""
    document: Document = {
        "_id": order.id,
        "customer_id": order.customer_id,
        "currency": order.currency,
        "lines": [_line_document(order, line) for line in order.lines],
        "total": order.total,
        "state": order.state.value,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "unsettled": order.unsettled,
    }
    optional = {"key": order.key, "fingerprint": order.fingerprint}
    return document | {name: value for name, value in optional.items() if value is not None}


def _line_document(order: Order, line: OrderLine) -> Document:
    """Return a line with the groups it belongs to in the sales report, so that the database need not compute them."""
    groups = {SalesGroup.DAY: f"{order.created_at:%Y-%m-%d}", SalesGroup.CATEGORY: line.category}
    groups[SalesGroup.SKU] = line.sku
    return {
        "item_id": line.item_id,
        "sku": line.sku,
        "category": line.category,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "amount": line.amount,
        "groups": {group.value: f"{key}{SEPARATOR}{order.currency}" for group, key in groups.items()},
    }


def read_order(document: Document) -> Order:
    """Return the order of a document."""
    return Order(
        id=document["_id"],
        customer_id=document["customer_id"],
        currency=document["currency"],
        lines=tuple(_read_line(line) for line in document["lines"]),
        total=document["total"],
        state=OrderState(document["state"]),
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        unsettled=document["unsettled"],
        key=document.get("key"),
        fingerprint=document.get("fingerprint"),
    )


def _read_line(line: Document) -> OrderLine:
    return OrderLine(
        item_id=line["item_id"],
        sku=line["sku"],
        category=line["category"],
        quantity=line["quantity"],
        unit_price=line["unit_price"],
        amount=line["amount"],
    )
