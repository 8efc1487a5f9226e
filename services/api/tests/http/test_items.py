from typing import Any

import pytest
from fastapi.testclient import TestClient

LAMP: dict[str, Any] = {
    "sku": "A-1",
    "name": "Lamp",
    "category": "light",
    "price": 4990,
    "currency": "EUR",
    "stock": 12,
    "tags": ["brass"],
    "attributes": {"height": 0.5, "lit": True},
}
ABSENT = "/v1/items/01ARZ3NDEKTSV4RRFFQ69G5FAV"


def created(client: TestClient, **changes: Any) -> str:
    return str(client.post("/v1/items", json=LAMP | changes).headers["Location"])


def test_a_created_item_is_at_its_location(client: TestClient) -> None:
    answer = client.post("/v1/items", json=LAMP)
    item_id = answer.json()["id"]

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/v1/items/{item_id}"
    assert answer.headers["ETag"] == '"1"'
    assert answer.json() == LAMP | {"id": item_id, "version": 1}
    assert client.get(answer.headers["Location"]).json() == answer.json()


def test_what_is_left_out_has_a_default(client: TestClient) -> None:
    answer = client.post("/v1/items", json={"sku": "A-1", "name": "Lamp", "price": 1})

    shown = {"category": "general", "currency": "EUR", "stock": 0, "tags": [], "attributes": {}}
    assert answer.json() | shown == answer.json()


def test_an_item_may_be_read_again_only_if_it_changed(client: TestClient) -> None:
    address = created(client)

    unchanged = client.get(address, headers={"If-None-Match": '"1"'})

    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", '"1"')
    assert client.get(address, headers={"If-None-Match": 'W/"1", "7"'}).status_code == 304
    assert client.get(address, headers={"If-None-Match": '"2"'}).status_code == 200


@pytest.mark.parametrize("if_match", ['"1"', '"7", "1"', "*"])
def test_an_item_of_the_expected_version_is_replaced(client: TestClient, if_match: str) -> None:
    address = created(client)
    client.get(address)

    answer = client.put(address, json=LAMP | {"stock": 3}, headers={"If-Match": if_match})

    assert (answer.status_code, answer.headers["ETag"], answer.json()["stock"]) == (200, '"2"', 3)
    assert client.get(address).json() == answer.json()


@pytest.mark.parametrize("if_match", ['"2"', 'W/"1"', "1", "nonsense", ""])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_an_item_of_another_version_stays(client: TestClient, method: str, if_match: str) -> None:
    address = created(client)
    body = None if method == "DELETE" else LAMP | {"stock": 3}

    answer = client.request(method, address, json=body, headers={"If-Match": if_match})

    assert (answer.status_code, answer.json()["code"]) == (412, "stale-version")
    assert client.get(address).json()["stock"] == 12


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_needs_a_version(client: TestClient, method: str) -> None:
    answer = client.request(method, created(client), json=LAMP)

    assert (answer.status_code, answer.json()["code"]) == (428, "version-required")


def test_a_patch_changes_what_it_names(client: TestClient) -> None:
    address = created(client)
    patch = {"price": 1, "attributes": {"lit": None, "depth": 2}}
    headers = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}

    answer = client.patch(address, json=patch, headers=headers)

    assert answer.status_code == 200
    assert client.get(address).json() == answer.json()
    changed = {"price": 1, "attributes": {"height": 0.5, "depth": 2}, "version": 2}
    assert answer.json() == LAMP | changed | {"id": address.rsplit("/", 1)[1]}


def test_a_patch_cannot_bring_more_attributes_than_an_item_may_have(client: TestClient) -> None:
    address = created(client, attributes={f"a{number}": 1 for number in range(50)})

    answer = client.patch(address, json={"attributes": {"more": 1}}, headers={"If-Match": "*"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert client.get(address).json()["version"] == 1


@pytest.mark.parametrize("field", ["sku", "name", "price", "stock", "tags"])
def test_a_patch_cannot_remove_a_field(client: TestClient, field: str) -> None:
    answer = client.patch(created(client), json={field: None}, headers={"If-Match": "*"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")


def test_a_deleted_item_is_gone_at_once(client: TestClient) -> None:
    address = created(client)
    client.get(address)

    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.delete(address).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_absent_item_is_not_found(client: TestClient, method: str) -> None:
    body = LAMP if method in ("PUT", "PATCH") else None
    answer = client.request(method, ABSENT, json=body, headers={"If-Match": '"1"'} if body else {})

    assert (answer.status_code, answer.json()["code"]) == (404, "item-not-found")


def test_a_sku_is_used_once(client: TestClient) -> None:
    created(client)
    other = created(client, sku="A-2")

    assert client.post("/v1/items", json=LAMP).json()["code"] == "duplicate-sku"
    assert client.put(other, json=LAMP, headers={"If-Match": "*"}).status_code == 409


@pytest.mark.parametrize("sort", ["id", "-id", "price", "-price", "name", "-name"])
def test_pages_follow_each_other_without_gap_or_repetition(client: TestClient, sort: str) -> None:
    for number in range(7):
        created(client, sku=f"S{number}", price=number % 2, name=f"n{number % 3}")
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 3, "sort": sort}
    while True:
        page = client.get("/v1/items", params=query).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    field, descending = sort.removeprefix("-"), sort.startswith("-")
    assert len(seen) == 7
    assert seen == sorted(seen, key=lambda item: (item[field], item["id"]), reverse=descending)


def test_a_list_is_filtered(client: TestClient) -> None:
    created(client, sku="B-1", price=10)
    created(client, sku="B-2", price=20, category="tools", tags=["new"])
    created(client, sku="C-3", price=30, stock=0)

    def skus(**query: Any) -> list[str]:
        return [item["sku"] for item in client.get("/v1/items", params=query).json()["items"]]

    assert skus(category="tools") == ["B-2"]
    assert skus(price_gte=20, price_lte=30) == ["B-2", "C-3"]
    assert skus(tag="new") == ["B-2"]
    assert skus(sku_prefix="B-") == ["B-1", "B-2"]
    assert skus(in_stock="false") == ["C-3"]


def test_many_items_are_added_or_refused_one_by_one(client: TestClient) -> None:
    created(client)

    answer = client.post("/v1/items:bulk", json={"items": [LAMP, LAMP | {"sku": "N"}, LAMP | {"sku": "N"}]})

    results = answer.json()["results"]
    assert answer.status_code == 207
    assert [(each["index"], each["status"], each["code"]) for each in results] == [
        (0, 409, "duplicate-sku"),
        (1, 201, None),
        (2, 409, "duplicate-sku"),
    ]
    assert client.get(f"/v1/items/{results[1]['id']}").json()["sku"] == "N"


def test_a_search_shows_items_and_counts_all_of_them(client: TestClient) -> None:
    created(client, sku="L-1", name="Red lamp", category="light")
    created(client, sku="L-2", name="red LAMP two", category="home", tags=["brass", "new"])
    created(client, sku="L-3", name="Blue lamp")

    found = client.get("/v1/search", params={"q": "lamp RED", "tags": ["brass"], "facets": "true", "limit": 1}).json()

    assert [item["sku"] for item in found["items"]] == ["L-1"]
    assert found["facets"]["categories"] == [{"value": "home", "count": 1}, {"value": "light", "count": 1}]
    assert found["facets"]["tags"] == [{"value": "brass", "count": 2}, {"value": "new", "count": 1}]
    assert client.get("/v1/search", params={"q": "lamp"}).json()["facets"] is None


def test_a_delivery_quote_depends_on_the_price(client: TestClient) -> None:
    address = created(client, price=10_000)

    assert client.get(f"{address}/delivery-quote").json() == {"item_id": address.rsplit("/", 1)[1], "price": 590}
