"""Fifty clients and the last hundred pieces, on every database."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest


@pytest.fixture(params=["sqlite", "mongodb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "mongodb":
        return str(request.getfixturevalue("mongodb_url"))
    return f"sqlite:///{tmp_path}/api.db"


async def buy(url: str, item_id: str, customer: int, statuses: Counter[int]) -> None:
    """Order one piece again and again until there is none left."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        while True:
            body = {"customer_id": f"c{customer}", "lines": [{"item_id": item_id, "quantity": 1}]}
            answer = await client.post("/v1/orders", json=body)
            statuses[answer.status_code] += 1
            if answer.status_code != 201:
                return


async def test_fifty_clients_buy_exactly_the_last_hundred_pieces(start: Any, database_url: str) -> None:
    live = start(database_url, PERF_API_DEADLINE="60")
    item = {"sku": "LAST", "name": "Last pieces", "price": 100, "stock": 100}
    item_id = httpx.post(f"{live.url}/v1/items", json=item, timeout=60).json()["id"]
    statuses: Counter[int] = Counter()

    await asyncio.gather(*(buy(live.url, item_id, customer, statuses) for customer in range(50)))

    assert statuses == {201: 100, 409: 50}
    async with httpx.AsyncClient(base_url=live.url, timeout=60) as client:
        assert (await client.get(f"/v1/items/{item_id}")).json()["stock"] == 0
        pages = [(await client.get(f"/v1/customers/c{customer}/orders?limit=100")).json() for customer in range(50)]
        assert sum(len(page["orders"]) for page in pages) == 100
        sales = (await client.get("/v1/reports/sales?group_by=sku")).json()["rows"]
        assert [(row["key"], row["quantity"], row["revenue"]) for row in sales] == [("LAST", 100, 10_000)]
