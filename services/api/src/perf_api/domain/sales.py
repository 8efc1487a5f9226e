"""The sales report: sums over the lines of orders."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SalesGroup(StrEnum):
    """What sales are summed by; a day is the UTC date of the order's `created_at`, like 2026-01-31."""

    DAY = "day"
    CATEGORY = "category"
    SKU = "sku"


@dataclass(frozen=True, slots=True)
class SalesQuery:
    """Orders made from `since` (inclusive) to `until` (exclusive), in a state of orders.SOLD."""

    since: datetime
    until: datetime
    group: SalesGroup
    limit: int


@dataclass(frozen=True, slots=True)
class SalesRow:
    """The sales of one group in one currency; `revenue` in minor units, `lines` counts order lines."""

    key: str
    currency: str
    lines: int
    quantity: int
    revenue: int
