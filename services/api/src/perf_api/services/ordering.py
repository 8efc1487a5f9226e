"""Orders without transactions: take stock line by line, and give it back when one line cannot be had.

Every step can be repeated, so whatever a crash leaves half done is finished later by `Ordering.recover`.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic_core import to_json

from perf_api.domain.errors import (
    DatabaseUnavailableError,
    ItemNotFoundError,
    KeyReusedError,
    MixedCurrenciesError,
    OrderNotFoundError,
    OrderStateError,
    StillInProgressError,
)
from perf_api.domain.ids import new_id
from perf_api.domain.items import Item
from perf_api.domain.orders import HIDDEN, TRANSITIONS, Order, OrderAction, OrderLine, OrderState
from perf_api.domain.ports import ItemRepository, OrderRepository

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Placed:
    """An order; `replayed` when an earlier request with the same key had placed it."""

    order: Order
    replayed: bool


class Ordering:
    """Places orders and moves them through their states."""

    def __init__(self, items: ItemRepository, orders: OrderRepository, changed: Callable[[str], None]) -> None:
        """Use open repositories; `changed` is called with the id of every item whose stock may have changed."""
        self._items, self._orders, self._changed = items, orders, changed

    async def place(self, customer_id: str, quantities: Mapping[str, int], key: str | None) -> Placed:
        """Place an order of pieces by item id, once per key.

        Raises:
            ItemNotFoundError, OutOfStockError, MixedCurrenciesError: nothing was ordered and the key is free again.
            KeyReusedError: the key came with another order before.
            StillInProgressError: the first request with this key is not answered yet.
        """
        fingerprint = _fingerprint(customer_id, quantities) if key else None
        if key and (earlier := await self._orders.with_key(key)):
            return _replay(earlier, fingerprint)
        items = await asyncio.gather(*(self._items.get(item_id) for item_id in sorted(quantities)))
        order = _draft(customer_id, items, quantities, key, fingerprint)
        stored = await self._orders.begin(order)
        if stored.id != order.id:
            return _replay(stored, fingerprint)
        try:
            for line in order.lines:
                await self._change_stock(line.item_id, order.id, -line.quantity)
            placed = await self._orders.move(order.id, OrderState.PENDING, OrderState.PLACED, _now(), unsettled=True)
        except BaseException:
            await self._abandon(order)
            raise
        await self._try_to_settle(placed)
        return Placed(placed, replayed=False)

    async def get(self, order_id: str) -> Order:
        """Return an order; OrderNotFoundError, also for one that was never placed."""
        order = await self._orders.get(order_id)
        if order.state in HIDDEN:
            raise OrderNotFoundError(order_id)
        return order

    async def act(self, order_id: str, action: OrderAction) -> Order:
        """Move an order on; cancelling gives its stock back.

        Raises:
            OrderNotFoundError, OrderStateError.
        """
        order = await self.get(order_id)
        target = TRANSITIONS.get((order.state, action))
        if target is None:
            sources = sorted(state.value for state, each in TRANSITIONS if each is action)
            raise OrderStateError(order_id, order.state.value, " or ".join(sources))
        unsettled = order.unsettled or target is OrderState.CANCELLED
        moved = await self._orders.move(order_id, order.state, target, _now(), unsettled=unsettled)
        if target is OrderState.CANCELLED:
            await self._try_to_settle(moved)
        return moved

    async def recover(self, before: datetime) -> int:
        """Finish what was left half done by requests older than a time; return how many orders that were."""
        orders = await self._orders.unsettled(before, _BATCH)
        for order in orders:
            if order.state in HIDDEN:
                await self._abandon(order)
            else:
                await self._settle(order)
        return len(orders)

    async def _try_to_settle(self, order: Order) -> None:
        """Settle now if that works: the order is what it is, the rest can be done later."""
        with suppress(DatabaseUnavailableError):
            await self._settle(order)

    async def _settle(self, order: Order) -> None:
        """Bring the stock in line with a placed or cancelled order, then forget how it came about.

        The order of the steps makes each of them repeatable: a key is forgotten only once nobody needs it.
        """
        back = f"{order.id}:back"
        if order.state is OrderState.CANCELLED:
            for line in order.lines:
                with suppress(ItemNotFoundError):
                    await self._change_stock(line.item_id, back, line.quantity)
            await self._orders.settle(order.id)
        keys = (order.id, back) if order.state is OrderState.CANCELLED else (order.id,)
        await asyncio.gather(*(self._items.forget_stock(line.item_id, key) for line in order.lines for key in keys))
        if order.state is not OrderState.CANCELLED:
            await self._orders.settle(order.id)

    async def _abandon(self, order: Order) -> None:
        """Give back what a pending order took, and remove it."""
        try:
            await self._orders.move(order.id, OrderState.PENDING, OrderState.ABANDONED, _now(), unsettled=True)
        except OrderNotFoundError:
            return
        except OrderStateError as refusal:
            if refusal.state != OrderState.ABANDONED:
                return
        for line in order.lines:
            await self._items.undo_stock(line.item_id, order.id)
            self._changed(line.item_id)
        await self._orders.discard(order.id)

    async def _change_stock(self, item_id: str, key: str, change: int) -> None:
        try:
            await self._items.change_stock(item_id, key, change)
        finally:
            self._changed(item_id)


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _fingerprint(customer_id: str, quantities: Mapping[str, int]) -> str:
    return hashlib.sha256(to_json([customer_id, sorted(quantities.items())])).hexdigest()


def _replay(order: Order, fingerprint: str | None) -> Placed:
    if order.fingerprint != fingerprint:
        raise KeyReusedError
    if order.state in HIDDEN:
        raise StillInProgressError
    return Placed(order, replayed=True)


def _draft(
    customer_id: str, items: list[Item], quantities: Mapping[str, int], key: str | None, fingerprint: str | None
) -> Order:
    currencies = {item.currency for item in items}
    if len(currencies) != 1:
        raise MixedCurrenciesError
    lines = tuple(
        OrderLine(item.id, item.sku, item.category, quantity, item.price, quantity * item.price)
        for item in items
        for quantity in (quantities[item.id],)
    )
    now = _now()
    return Order(
        id=new_id(),
        customer_id=customer_id,
        currency=currencies.pop(),
        lines=lines,
        total=sum(line.amount for line in lines),
        state=OrderState.PENDING,
        created_at=now,
        updated_at=now,
        unsettled=True,
        key=key,
        fingerprint=fingerprint,
    )
