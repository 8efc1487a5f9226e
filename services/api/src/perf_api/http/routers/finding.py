"""Search, and the delivery quote of an item."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from perf_api.domain.items import SearchQuery
from perf_api.domain.words import words_of
from perf_api.http.answers import json_answer, problems
from perf_api.http.schemas.fields import ItemId
from perf_api.http.schemas.items import ItemSearch, QuoteOut, SearchOut

routes = APIRouter(prefix="/v1")


@routes.get(
    "/search",
    tags=["search"],
    operation_id="search_items",
    response_model=SearchOut,
    responses=problems(413, 422),
)
async def search_items(search: Annotated[ItemSearch, Query()], request: Request) -> Response:
    """Return items that have all words and all tags; facets count over all of them, not only those shown."""
    query = SearchQuery(search.limit, words_of(search.q), tuple(dict.fromkeys(search.tags)), search.facets)
    return json_answer(await request.app.state.database.items.search(query))


@routes.get(
    "/items/{item_id}/delivery-quote",
    tags=["items"],
    operation_id="quote_delivery",
    response_model=QuoteOut,
    responses=problems(404, 413, 422),
)
async def quote_delivery(item_id: ItemId, request: Request) -> Response:
    """Return what delivery costs; waits for a simulated carrier (PERF_API_CARRIER_LATENCY)."""
    state = request.app.state
    item = await state.database.items.get(item_id)
    await asyncio.sleep(state.settings.carrier_latency)
    return json_answer({"item_id": item.id, "price": 490 + item.price // 100})
