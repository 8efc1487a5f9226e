from typing import Any

import pytest
from fastapi.testclient import TestClient


def item(client: TestClient, stock: int = 5, **changes: Any) -> str:
    number = len(client.get("/v1/items", params={"limit": 100}).json()["items"])
    body = {"sku": f"S{number}", "name": "Thing", "price": 100, "stock": stock, "category": "c"} | changes
    return str(client.post("/v1/items", json=body).json()["id"])


def order(client: TestClient, *lines: tuple[str, int], key: str | None = None, customer: str = "ann") -> Any:
    body = {
        "customer_id": customer,
        "lines": [{"item_id": item_id, "quantity": quantity} for item_id, quantity in lines],
    }
    return client.post("/v1/orders", json=body, headers={"Idempotency-Key": key} if key else {})


def stock(client: TestClient, item_id: str) -> int:
    return int(client.get(f"/v1/items/{item_id}").json()["stock"])


def test_an_order_takes_its_stock_and_can_be_read(client: TestClient) -> None:
    first, second = item(client), item(client, price=30)

    answer = order(client, (first, 2), (second, 1), (first, 1))

    assert answer.status_code == 201
    placed = answer.json()
    assert (placed["state"], placed["total"], placed["currency"]) == ("placed", 330, "EUR")
    assert [(line["item_id"], line["quantity"], line["amount"]) for line in placed["lines"]] == [
        (first, 3, 300),
        (second, 1, 30),
    ]
    assert client.get(answer.headers["Location"]).json() == placed
    assert (stock(client, first), stock(client, second)) == (2, 4)


def test_an_order_that_cannot_be_filled_gives_everything_back(client: TestClient) -> None:
    plenty, scarce = item(client, 10), item(client, 1)

    answer = order(client, (plenty, 4), (scarce, 2), key="k")

    assert (answer.status_code, answer.json()["code"]) == (409, "out-of-stock")
    assert answer.json()["errors"][0]["pointer"] == "/lines/1"
    assert (stock(client, plenty), stock(client, scarce)) == (10, 1)
    assert client.get("/v1/customers/ann/orders").json()["orders"] == []
    assert order(client, (plenty, 4), (scarce, 1), key="k").status_code == 201


def test_an_order_of_an_absent_item_changes_nothing(client: TestClient) -> None:
    there = item(client)

    answer = order(client, (there, 1), ("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1))

    assert (answer.status_code, answer.json()["code"]) == (409, "item-gone")
    assert answer.json()["errors"][0]["pointer"] == "/lines/1"
    assert stock(client, there) == 5


def test_one_order_has_one_currency(client: TestClient) -> None:
    answer = order(client, (item(client), 1), (item(client, currency="USD"), 1))

    assert (answer.status_code, answer.json()["code"]) == (409, "mixed-currencies")


def test_a_repeated_key_places_one_order(client: TestClient) -> None:
    ordered = item(client)

    first, again = (order(client, (ordered, 2), key="once") for _ in range(2))

    assert (again.status_code, again.json()) == (201, first.json())
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert stock(client, ordered) == 3


def test_a_repeated_key_is_answered_even_when_the_item_is_gone(client: TestClient) -> None:
    ordered = item(client)
    first = order(client, (ordered, 2), key="once")
    client.delete(f"/v1/items/{ordered}")

    assert order(client, (ordered, 2), key="once").json() == first.json()


def test_a_key_is_for_one_order(client: TestClient) -> None:
    ordered = item(client)
    order(client, (ordered, 2), key="once")

    for conflicting in (
        order(client, (ordered, 1), key="once"),
        order(client, (ordered, 2), key="once", customer="bob"),
    ):
        assert (conflicting.status_code, conflicting.json()["code"]) == (409, "idempotency-key-reused")
    assert stock(client, ordered) == 3


@pytest.mark.parametrize("key", ["a b", "x" * 201, "\u00fc"])
def test_a_bad_key_is_refused(client: TestClient, key: str) -> None:
    body = {"customer_id": "ann", "lines": [{"item_id": item(client), "quantity": 1}]}
    answer = client.post("/v1/orders", json=body, headers={b"Idempotency-Key": key.encode("latin-1")})

    assert (answer.status_code, answer.json()["errors"][0]["in"]) == (422, "header")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"lines": []}, "/lines"),
        ({"lines": [{"item_id": "x", "quantity": 1}]}, "/lines/0/item_id"),
        ({"lines": [{"item_id": "0" * 26, "quantity": 0}]}, "/lines/0/quantity"),
        ({"lines": [{"item_id": "0" * 26, "quantity": 1, "unit_price": 0}]}, "/lines/0/unit_price"),
        ({"lines": [{"item_id": {"$ne": ""}, "quantity": 1}]}, "/lines/0/item_id"),
        ({"customer_id": {"$gt": ""}}, "/customer_id"),
        ({"total": 0}, "/total"),
    ],
    ids=str,
)
def test_a_bad_order_is_refused(client: TestClient, change: dict[str, Any], pointer: str) -> None:
    body = {"customer_id": "ann", "lines": [{"item_id": "0" * 26, "quantity": 1}]} | change
    answer = client.post("/v1/orders", json=body)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


PATHS = {
    "placed": [], "paid": ["pay"], "shipped": ["pay", "ship"], "delivered": ["pay", "ship", "deliver"],
    "cancelled": ["cancel"],
}  # fmt: skip
ALLOWED = {
    ("placed", "pay"): "paid", ("placed", "cancel"): "cancelled", ("paid", "ship"): "shipped",
    ("paid", "cancel"): "cancelled", ("shipped", "deliver"): "delivered",
}  # fmt: skip


@pytest.mark.parametrize("action", ["pay", "ship", "deliver", "cancel"])
@pytest.mark.parametrize("state", PATHS)
def test_an_order_goes_only_where_it_may(client: TestClient, state: str, action: str) -> None:
    ordered = item(client)
    address = order(client, (ordered, 2)).headers["Location"]
    for step in PATHS[state]:
        client.post(f"{address}/transitions", json={"action": step})

    answer = client.post(f"{address}/transitions", json={"action": action})

    target = ALLOWED.get((state, action))
    assert answer.status_code == (200 if target else 409)
    assert client.get(address).json()["state"] == (target or state)
    assert stock(client, ordered) == (5 if "cancelled" in (target, state) else 3)


def test_an_unknown_order_and_an_unknown_action_are_refused(client: TestClient) -> None:
    absent = "/v1/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV"
    placed = order(client, (item(client), 1)).headers["Location"]

    assert client.get(absent).json()["code"] == "order-not-found"
    assert client.post(f"{absent}/transitions", json={"action": "pay"}).status_code == 404
    assert client.post(f"{placed}/transitions", json={"action": "refund"}).status_code == 422


def test_a_customers_orders_come_in_pages_newest_first(client: TestClient) -> None:
    ordered = item(client, 100)
    placed = [order(client, (ordered, 1)).json()["id"] for _ in range(5)]
    order(client, (ordered, 1), customer="bob")
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = client.get("/v1/customers/ann/orders", params=query).json()
        seen += [each["id"] for each in page["orders"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert sorted(seen) == sorted(placed)
    assert seen == sorted(placed, reverse=True)


def test_the_sales_report_counts_what_was_not_cancelled(client: TestClient) -> None:
    first, second = item(client, category="tools"), item(client, category="toys", price=7)
    order(client, (first, 2), (second, 1))
    cancelled = order(client, (first, 1)).headers["Location"]
    client.post(f"{cancelled}/transitions", json={"action": "cancel"})

    report = client.get("/v1/reports/sales", params={"group_by": "category"}).json()

    assert report["rows"] == [
        {"key": "tools", "currency": "EUR", "lines": 1, "quantity": 2, "revenue": 200},
        {"key": "toys", "currency": "EUR", "lines": 1, "quantity": 1, "revenue": 7},
    ]
    assert client.get("/v1/reports/sales", params={"from": "2026-01-01", "to": "2026-01-31"}).json()["rows"] == []
