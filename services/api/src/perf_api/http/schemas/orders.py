"""Orders and sales over HTTP."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from perf_api.domain.orders import OrderAction, OrderState
from perf_api.domain.sales import SalesGroup, SalesQuery
from perf_api.http.schemas.fields import NO_TEXT, STRICT, Cursor, Id, Limit, Token

_ITEM = "00000000000000000000000042"
_ORDER: dict[str, Any] = {
    "id": "00000000000000000000000007",
    "customer_id": "customer-1",
    "currency": "EUR",
    "lines": [
        {
            "item_id": _ITEM,
            "sku": "LAMP-0042",
            "category": "lighting",
            "quantity": 2,
            "unit_price": 4990,
            "amount": 9980,
        }
    ],
    "total": 9980,
    "state": "placed",
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z",
}
_LONGEST_PERIOD = 366


def _written_out(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        raise PydanticCustomError("date_parsing", "Input should be a date like 2026-01-31")
    return value


Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(9999, 12, 30)), BeforeValidator(_written_out)]


class LineIn(BaseModel):
    """Some pieces of an item."""

    model_config = STRICT
    item_id: Id
    quantity: Annotated[int, Field(ge=1, le=1000), NO_TEXT]


class OrderIn(BaseModel):
    """What a customer orders; lines of the same item are added up."""

    model_config = STRICT | ConfigDict(
        json_schema_extra={"example": {"customer_id": "customer-1", "lines": [{"item_id": _ITEM, "quantity": 2}]}}
    )
    customer_id: Token
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=20)]


class LineOut(BaseModel):
    """A line as the item was when it was ordered; prices in minor units."""

    item_id: Id
    sku: Token
    category: Token
    quantity: int
    unit_price: int
    amount: int


class OrderOut(BaseModel):
    """An order."""

    model_config = ConfigDict(json_schema_extra={"example": _ORDER})
    id: Id
    customer_id: Token
    currency: str
    lines: list[LineOut]
    total: int
    state: OrderState
    created_at: datetime
    updated_at: datetime


class OrderPage(BaseModel):
    """A page of orders, newest first; `next_cursor` is null on the last."""

    model_config = ConfigDict(json_schema_extra={"example": {"orders": [_ORDER], "next_cursor": None}})
    orders: list[OrderOut]
    next_cursor: str | None


class OrderListing(BaseModel):
    """The query of a customer's orders."""

    model_config = STRICT
    limit: Limit = 20
    cursor: Cursor | None = None


class TransitionIn(BaseModel):
    """What is done with an order."""

    model_config = STRICT | ConfigDict(json_schema_extra={"example": {"action": "pay"}})
    action: OrderAction


class SalesListing(BaseModel):
    """The query of a sales report: whole UTC days, both included, by default the last 30."""

    model_config = STRICT
    since: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    group_by: SalesGroup = SalesGroup.DAY
    limit: Annotated[int, Field(ge=1, le=1000)] = 100

    @model_validator(mode="after")
    def _period(self) -> Self:
        first, last = self.period(datetime.now(UTC).date())
        if not 0 <= (last - first).days <= _LONGEST_PERIOD:
            raise ValueError(f"'to' must not be before 'from', nor more than {_LONGEST_PERIOD} days after it")
        return self

    def period(self, today: date) -> tuple[date, date]:
        """Return the first and the last day; the one that is not given is 29 days away from the other."""
        if self.since is not None:
            return self.since, self.to or _moved(self.since, 29)
        last = self.to or today
        return _moved(last, -29), last

    def query(self, today: date) -> SalesQuery:
        """Return the query of the domain."""
        first, last = self.period(today)
        since, until = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last))
        return SalesQuery(since, until + timedelta(days=1), self.group_by, self.limit)


def _moved(day: date, days: int) -> date:
    """Return a day some days later, kept within what dates can be."""
    return date.fromordinal(min(max(day.toordinal() + days, date(1970, 1, 1).toordinal()), date.max.toordinal() - 1))


class SalesRowOut(BaseModel):
    """The sales of one group in one currency; `revenue` in minor units."""

    key: str
    currency: str
    lines: int
    quantity: int
    revenue: int


class SalesOut(BaseModel):
    """A sales report, highest revenue first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "from": "2026-01-01",
                "to": "2026-01-31",
                "group_by": "category",
                "rows": [{"key": "lighting", "currency": "EUR", "lines": 3, "quantity": 4, "revenue": 19960}],
            }
        },
        serialize_by_alias=True,
    )
    since: Annotated[date, Field(alias="from")]
    to: date
    group_by: SalesGroup
    rows: list[SalesRowOut]
