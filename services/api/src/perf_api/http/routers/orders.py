"""Orders: place, read, list, move on."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response

from perf_api.domain.errors import ItemNotFoundError, OutOfStockError
from perf_api.domain.orders import Order
from perf_api.http.answers import WITH_BODY, json_answer, problems
from perf_api.http.json_route import JsonRoute
from perf_api.http.problems import ProblemError
from perf_api.http.schemas.fields import OrderId
from perf_api.http.schemas.orders import OrderIn, OrderListing, OrderOut, OrderPage, TransitionIn

routes = APIRouter(prefix="/v1", tags=["orders"], route_class=JsonRoute)

IdempotencyKey = Annotated[
    str | None, Header(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", examples=["order-2026-01-31-0001"])
]
CustomerId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$", examples=["customer-1"])]
_LOCATION = {"Location": {"description": "The address of the order.", "schema": {"type": "string"}}}
_REPLAYED = {
    "Idempotent-Replayed": {"description": "true: an earlier request had placed it.", "schema": {"type": "string"}}
}


@routes.post(
    "/orders",
    status_code=201,
    operation_id="place_order",
    response_model=OrderOut,
    responses={
        201: {"model": OrderOut, "headers": _LOCATION | _REPLAYED, "description": "The order."},
        **problems(401, 409, *WITH_BODY),
    },
)
async def place_order(body: OrderIn, request: Request, idempotency_key: IdempotencyKey = None) -> Response:
    """Order pieces of items. With an `Idempotency-Key` a repeated request places nothing more."""
    quantities: dict[str, int] = {}
    for line in body.lines:
        quantities[line.item_id] = quantities.get(line.item_id, 0) + line.quantity
    try:
        placed = await request.app.state.ordering.place(body.customer_id, quantities, idempotency_key)
    except ItemNotFoundError as cause:
        raise ProblemError("item-gone", str(cause), [_line_error(body, cause.item_id, "item-gone", cause)]) from cause
    except OutOfStockError as cause:
        error = _line_error(body, cause.item_id, "out-of-stock", cause)
        raise ProblemError("out-of-stock", str(cause), [error]) from cause
    headers = {"Location": f"/v1/orders/{placed.order.id}"}
    if placed.replayed:
        headers["Idempotent-Replayed"] = "true"
    return json_answer(_shown(placed.order), 201, headers)


@routes.get(
    "/orders/{order_id}", operation_id="read_order", response_model=OrderOut, responses=problems(404, 413, 422)
)
async def read_order(order_id: OrderId, request: Request) -> Response:
    """Return an order, never from a cache."""
    return json_answer(_shown(await request.app.state.ordering.get(order_id)))


@routes.get(
    "/customers/{customer_id}/orders",
    operation_id="list_orders",
    response_model=OrderPage,
    responses=problems(400, 413, 422),
)
async def list_orders(
    customer_id: CustomerId, listing: Annotated[OrderListing, Query()], request: Request
) -> Response:
    """Return a page of a customer's orders, newest first."""
    state, place = request.app.state, f"orders {customer_id}"
    after = state.cursors.read(place, listing.cursor)[0] if listing.cursor else None
    found = await state.database.orders.of_customer(customer_id, after, listing.limit + 1)
    orders, following = found[: listing.limit], None
    if len(found) > listing.limit:
        following = state.cursors.write(place, (orders[-1].id,))
    return json_answer({"orders": [_shown(order) for order in orders], "next_cursor": following})


@routes.post(
    "/orders/{order_id}/transitions",
    operation_id="move_order",
    response_model=OrderOut,
    responses=problems(401, 404, 409, *WITH_BODY),
)
async def move_order(order_id: OrderId, body: TransitionIn, request: Request) -> Response:
    """Pay, ship, deliver or cancel; cancelling gives the stock back."""
    return json_answer(_shown(await request.app.state.ordering.act(order_id, body.action)))


def _shown(order: Order) -> dict[str, Any]:
    fields = ("id", "customer_id", "currency", "lines", "total", "state", "created_at", "updated_at")
    return {field: getattr(order, field) for field in fields}


def _line_error(body: OrderIn, item_id: str, code: str, cause: Exception) -> dict[str, str]:
    number = next(number for number, line in enumerate(body.lines) if line.item_id == item_id)
    return {"in": "body", "pointer": f"/lines/{number}", "code": code, "message": str(cause)}
