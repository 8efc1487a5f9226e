"""Orders: placed once, take stock, move on, give stock back."""

from typing import Any

import httpx
import pytest


@pytest.fixture
def item(api: httpx.Client, sku: str) -> dict[str, Any]:
    """An item with five pieces in stock."""
    answer = api.post("/v1/items", json={"sku": sku, "name": "vase", "price": 300, "stock": 5})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _place(api: httpx.Client, item: dict[str, Any], quantity: int, key: str = "") -> httpx.Response:
    body = {"customer_id": item["sku"], "lines": [{"item_id": item["id"], "quantity": quantity}]}
    return api.post("/v1/orders", json=body, headers={"Idempotency-Key": key} if key else {})


def _stock(api: httpx.Client, item: dict[str, Any]) -> int:
    listed = api.get("/v1/items", params={"sku_prefix": item["sku"]}).raise_for_status().json()["items"]
    return int(listed[0]["stock"])


def test_an_order_takes_stock_and_moves_on_to_its_delivery(api: httpx.Client, item: dict[str, Any]) -> None:
    placed = _place(api, item, 2)
    assert placed.status_code == 201, placed.text
    order = placed.json()
    assert (order["total"], order["state"], _stock(api, item)) == (600, "placed", 3)

    states = []
    for action in ("pay", "ship", "deliver"):
        moved = api.post(f"/v1/orders/{order['id']}/transitions", json={"action": action})
        states.append(moved.json().get("state"))
    again = api.post(f"/v1/orders/{order['id']}/transitions", json={"action": "cancel"})

    assert (states, again.status_code) == (["paid", "shipped", "delivered"], 409)
    listed = api.get(f"/v1/customers/{item['sku']}/orders").json()["orders"]
    assert [(each["id"], each["state"]) for each in listed] == [(order["id"], "delivered")]


def test_a_repeated_order_is_placed_once(api: httpx.Client, item: dict[str, Any]) -> None:
    first, second = (_place(api, item, 1, key=item["sku"]) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert _stock(api, item) == 4


def test_nothing_is_sold_that_is_not_there_and_a_cancelled_order_gives_back(
    api: httpx.Client, item: dict[str, Any]
) -> None:
    order = _place(api, item, 4).json()
    refused = _place(api, item, 2)
    assert (refused.status_code, refused.json()["code"]) == (409, "out-of-stock"), refused.text

    cancelled = api.post(f"/v1/orders/{order['id']}/transitions", json={"action": "cancel"})

    assert cancelled.json()["state"] == "cancelled"
    assert _stock(api, item) == 5
