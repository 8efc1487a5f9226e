"""Reports over all orders."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from perf_api.http.answers import json_answer, problems
from perf_api.http.schemas.orders import SalesListing, SalesOut

routes = APIRouter(prefix="/v1/reports", tags=["reports"])


@routes.get("/sales", operation_id="report_sales", response_model=SalesOut, responses=problems(413, 422))
async def report_sales(listing: Annotated[SalesListing, Query()], request: Request) -> Response:
    """Sum what was sold, by day, category or SKU and by currency; cancelled orders do not count."""
    today = datetime.now(UTC).date()
    rows = await request.app.state.database.orders.sales(listing.query(today))
    first, last = listing.period(today)
    return json_answer({"from": first, "to": last, "group_by": listing.group_by, "rows": rows})
