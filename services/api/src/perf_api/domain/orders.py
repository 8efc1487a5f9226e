"""Orders, and the states they go through."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class OrderState(StrEnum):
    """PENDING and ABANDONED are seen by nobody: stock is being taken, or given back after a failure."""

    PENDING = "pending"
    ABANDONED = "abandoned"
    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


HIDDEN = frozenset({OrderState.PENDING, OrderState.ABANDONED})
SOLD = frozenset({OrderState.PLACED, OrderState.PAID, OrderState.SHIPPED, OrderState.DELIVERED})


class OrderAction(StrEnum):
    """What can be done with a placed order."""

    PAY = "pay"
    SHIP = "ship"
    DELIVER = "deliver"
    CANCEL = "cancel"


TRANSITIONS: Mapping[tuple[OrderState, OrderAction], OrderState] = MappingProxyType(
    {
        (OrderState.PLACED, OrderAction.PAY): OrderState.PAID,
        (OrderState.PLACED, OrderAction.CANCEL): OrderState.CANCELLED,
        (OrderState.PAID, OrderAction.SHIP): OrderState.SHIPPED,
        (OrderState.PAID, OrderAction.CANCEL): OrderState.CANCELLED,
        (OrderState.SHIPPED, OrderAction.DELIVER): OrderState.DELIVERED,
    }
)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What is ordered of one item, as the item was then; prices in minor units, `amount` = quantity x unit_price."""

    item_id: str
    sku: str
    category: str
    quantity: int
    unit_price: int
    amount: int


@dataclass(frozen=True, slots=True)
class Order:
    """An order; times are UTC in whole milliseconds.

    `unsettled`: stock of it may still have to be taken, given back or confirmed (see OrderRepository).
    `key` and `fingerprint`: the client's Idempotency-Key and the hash of what it sent with it; None without a key.
    """

    id: str
    customer_id: str
    currency: str
    lines: tuple[OrderLine, ...]
    total: int
    state: OrderState
    created_at: datetime
    updated_at: datetime
    unsettled: bool = False
    key: str | None = None
    fingerprint: str | None = None
