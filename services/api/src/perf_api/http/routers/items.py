"""Items: create, read, list, replace, patch, delete, many at once."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from perf_api.domain.ids import new_id
from perf_api.domain.items import Item, ItemQuery, Position
from perf_api.http.answers import WITH_BODY, json_answer, problems
from perf_api.http.direct_route import DirectRoute
from perf_api.http.etags import demanded_version, etag, is_known
from perf_api.http.json_route import JSON, MERGE_PATCH, JsonRoute
from perf_api.http.problems import KINDS
from perf_api.http.schemas.fields import ItemId
from perf_api.http.schemas.items import BulkIn, BulkOut, ItemIn, ItemListing, ItemOut, ItemPage, ItemPatch

routes = APIRouter(prefix="/v1", tags=["items"], route_class=JsonRoute)

IfMatch = Annotated[str | None, Header(max_length=1000, examples=['"1"'])]
# Read from the request: as a parameter of the function it would cost a tenth of a cached read.
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "example": '"1"',
}
_ETAG = {"ETag": {"description": "The version of the item.", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "The address of the item.", "schema": {"type": "string"}}}
_ITEM = {"model": ItemOut, "headers": _ETAG, "description": "The item."}


async def read_item(item_id: ItemId, request: Request) -> Response:
    """Return an item, from the cache if it is there; `If-None-Match` saves its body."""
    document = await request.app.state.catalogue.document(item_id)
    tag = etag(document.version)
    if is_known(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(document.content, headers={"ETag": tag}, media_type=JSON)


# First of all routes, so that it is found at once.
routes.add_api_route(
    "/items/{item_id}",
    read_item,
    methods=["GET"],
    operation_id="read_item",
    response_model=ItemOut,
    openapi_extra={"parameters": [_IF_NONE_MATCH]},
    responses={200: _ITEM, 304: {"description": "The client has it already."}, **problems(404, 413, 422)},
    route_class_override=DirectRoute,
)


@routes.post(
    "/items",
    status_code=201,
    operation_id="create_item",
    response_model=ItemOut,
    responses={201: _ITEM | {"headers": _ETAG | _LOCATION}, **problems(401, 409, *WITH_BODY)},
)
async def create_item(body: ItemIn, request: Request) -> Response:
    """Add an item."""
    item = body.item(new_id())
    await request.app.state.catalogue.add(item)
    return _item(item, 201, {"Location": f"/v1/items/{item.id}"})


@routes.get("/items", operation_id="list_items", response_model=ItemPage, responses=problems(400, 413, 422))
async def list_items(listing: Annotated[ItemListing, Query()], request: Request) -> Response:
    """Return a page of items: filtered, sorted, from where the cursor says."""
    filters = listing.model_dump(mode="json", exclude={"limit", "cursor"})
    place, state = f"items {filters}", request.app.state
    after = Position(*state.cursors.read(place, listing.cursor)) if listing.cursor else None
    chosen = listing.model_dump(exclude={"limit", "cursor"})
    found = await state.database.items.page(ItemQuery(listing.limit + 1, after=after, **chosen))
    items, following = found[: listing.limit], None
    if len(found) > listing.limit:
        last, field = items[-1], listing.sort.field
        following = state.cursors.write(place, (last.id, None if field == "id" else getattr(last, field)))
    return json_answer({"items": items, "next_cursor": following})


@routes.put(
    "/items/{item_id}",
    operation_id="replace_item",
    response_model=ItemOut,
    responses={200: _ITEM, **problems(401, 404, 409, 412, 428, *WITH_BODY)},
)
async def replace_item(item_id: ItemId, body: ItemIn, request: Request, if_match: IfMatch = None) -> Response:
    """Replace an item; `If-Match` says which version, or `*`."""
    state = request.app.state
    expected = demanded_version(if_match, await state.database.items.get(item_id))
    return _item(await state.catalogue.replace(body.item(item_id), expected))


@routes.patch(
    "/items/{item_id}",
    operation_id="patch_item",
    response_model=ItemOut,
    responses={200: _ITEM, **problems(401, 404, 409, 412, 428, *WITH_BODY)},
    openapi_extra={"requestBody": {"content": {MERGE_PATCH: {"schema": {"$ref": "#/components/schemas/ItemPatch"}}}}},
)
async def patch_item(item_id: ItemId, body: ItemPatch, request: Request, if_match: IfMatch = None) -> Response:
    """Change some fields of an item; a version that changes meanwhile is never overwritten, not even with `*`."""
    state = request.app.state
    item = await state.database.items.get(item_id)
    demanded_version(if_match, item)
    return _item(await state.catalogue.replace(body.applied_to(item), item.version))


@routes.delete(
    "/items/{item_id}",
    status_code=204,
    operation_id="delete_item",
    responses={204: {"description": "It is gone."}, **problems(401, 404, 412, 413, 422)},
)
async def delete_item(item_id: ItemId, request: Request, if_match: IfMatch = None) -> Response:
    """Remove an item; with `If-Match` only that version."""
    state = request.app.state
    expected = None
    if if_match is not None:
        expected = demanded_version(if_match, await state.database.items.get(item_id))
    await state.catalogue.remove(item_id, expected)
    return Response(status_code=204)


@routes.post(
    "/items:bulk",
    status_code=207,
    operation_id="create_items",
    response_model=BulkOut,
    responses=problems(401, *WITH_BODY),
)
async def create_items(body: BulkIn, request: Request) -> Response:
    """Add up to 500 items; each is added or refused by itself."""
    items = [each.item(new_id()) for each in body.items]
    refused = await request.app.state.database.items.add_many(items)
    return json_answer(
        {"results": [_result(index, item, item.id in refused) for index, item in enumerate(items)]}, 207
    )


def _result(index: int, item: Item, refused: bool) -> dict[str, object]:
    code = "duplicate-sku" if refused else None
    status = KINDS[code].status if code else 201
    return {"index": index, "status": status, "sku": item.sku, "id": None if refused else item.id, "code": code}


def _item(item: Item, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return json_answer(item, status, {"ETag": etag(item.version), **(headers or {})})
