"""The routes: items, delivery quotes, health, faults."""

import asyncio
import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from perf_api.items import DuplicateSkuError, Item, ItemNotFoundError, ItemRepository

ItemId = Annotated[int, Field(ge=1, le=2**53)]
routes = APIRouter()


class ItemIn(BaseModel):
    """What a client sends of an item."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"sku": "A-1", "name": "Lamp", "price": 4990, "stock": 12}},
    )
    sku: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    name: str = Field(min_length=1, max_length=200)
    price: int = Field(ge=0, le=10**9)
    stock: int = Field(0, ge=0, le=10**9)


class ItemOut(ItemIn):
    """An item as the service answers it."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    version: int


class Page(BaseModel):
    """A page of items; `next` is the cursor of the following one, null on the last."""

    items: list[ItemOut]
    next: str | None


class Fault(BaseModel):
    """A route made slower."""

    method: str
    route: str
    slowdown: float = Field(ge=1, le=100)


def _items(request: Request) -> ItemRepository:
    repository: ItemRepository = request.app.state.items
    return repository


@routes.post("/v1/items", status_code=201, tags=["items"])
async def create_item(body: ItemIn, request: Request, response: Response) -> ItemOut:
    """Add an item."""
    try:
        item = await _items(request).create(body.sku, body.name, body.price, body.stock)
    except DuplicateSkuError as cause:
        raise HTTPException(409, f"there is an item with SKU {body.sku}; choose another") from cause
    response.headers["Location"] = f"/v1/items/{item.id}"
    request.app.state.cache.invalidate(item.id)
    return ItemOut.model_validate(item, from_attributes=True)


@routes.get("/v1/items", tags=["items"])
async def list_items(
    request: Request, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Page:
    """Return a page of items."""
    found = await _items(request).page(_after(cursor), limit + 1)
    following = base64.urlsafe_b64encode(str(found[limit - 1].id).encode()).decode() if len(found) > limit else None
    return Page(items=[ItemOut.model_validate(each, from_attributes=True) for each in found[:limit]], next=following)


@routes.get("/v1/items/{item_id}", tags=["items"])
async def read_item(item_id: ItemId, request: Request) -> ItemOut:
    """Return an item; cached."""
    item = await request.app.state.cache.load(item_id, lambda: _find(request, item_id))
    if item is None:
        raise HTTPException(404, f"there is no item {item_id}")
    return ItemOut.model_validate(item, from_attributes=True)


@routes.put("/v1/items/{item_id}", tags=["items"])
async def update_item(item_id: ItemId, body: ItemIn, request: Request) -> ItemOut:
    """Replace an item."""
    try:
        item = await _items(request).update(Item(item_id, body.sku, body.name, body.price, body.stock))
    except ItemNotFoundError as cause:
        raise HTTPException(404, f"there is no item {item_id}") from cause
    except DuplicateSkuError as cause:
        raise HTTPException(409, f"there is an item with SKU {body.sku}; choose another") from cause
    request.app.state.cache.invalidate(item_id)
    return ItemOut.model_validate(item, from_attributes=True)


@routes.delete("/v1/items/{item_id}", status_code=204, tags=["items"])
async def delete_item(item_id: ItemId, request: Request) -> None:
    """Remove an item."""
    try:
        await _items(request).delete(item_id)
    except ItemNotFoundError as cause:
        raise HTTPException(404, f"there is no item {item_id}") from cause
    request.app.state.cache.invalidate(item_id)


@routes.get("/v1/items/{item_id}/delivery-quote", tags=["items"])
async def quote_delivery(item_id: ItemId, request: Request) -> dict[str, int]:
    """Return what delivery costs; waits for a simulated carrier (PERF_API_CARRIER_LATENCY)."""
    item = await _read(request, item_id)
    await asyncio.sleep(request.app.state.settings.carrier_latency)
    return {"item_id": item.id, "price": 490 + item.price // 100}


@routes.get("/health/live", tags=["health"])
async def live() -> dict[str, str]:
    """Say that the process lives; never touches the database."""
    return {"status": "live"}


@routes.get("/health/ready", tags=["health"])
async def ready(request: Request) -> dict[str, str]:
    """Say that requests can be served."""
    await asyncio.wait_for(_items(request).ping(), 2)
    return {"status": "ready"}


@routes.put("/admin/faults", tags=["admin"])
async def set_fault(body: Fault, request: Request) -> Fault:
    """Make a route slower."""
    faults = request.app.state.faults
    if not faults.enabled:
        raise HTTPException(403, "faults are off; start the service with PERF_API_FAULTS_ENABLED=true")
    faults.slowdowns[body.method, body.route] = body.slowdown
    return body


@routes.delete("/admin/faults", status_code=204, tags=["admin"])
async def clear_faults(request: Request) -> None:
    """Make all routes as fast as they are."""
    request.app.state.faults.slowdowns.clear()


async def _read(request: Request, item_id: int) -> Item:
    try:
        return await _items(request).read(item_id)
    except ItemNotFoundError as cause:
        raise HTTPException(404, f"there is no item {item_id}") from cause


async def _find(request: Request, item_id: int) -> Item | None:
    try:
        return await _items(request).read(item_id)
    except ItemNotFoundError:
        return None


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        after = int(base64.urlsafe_b64decode(cursor.encode()))
        if not 0 <= after < 2**53:
            raise ValueError(after)  # noqa: TRY301  the same answer as for any other nonsense
    except (ValueError, binascii.Error) as cause:
        raise HTTPException(422, "the cursor is none of ours; leave it out to begin at the first page") from cause
    return after
