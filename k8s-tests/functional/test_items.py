"""Items: create, read, change, list, search, remove."""

from typing import Any

import httpx
import pytest


@pytest.fixture
def item(api: httpx.Client, sku: str) -> dict[str, Any]:
    """An item that was just made, of a category of its own."""
    body = {"sku": sku, "name": "brass lamp", "category": sku, "price": 1250, "stock": 5, "tags": ["functional"]}
    answer = api.post("/v1/items", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert made.items() >= body.items()
    assert answer.headers["Location"] == f"/v1/items/{made['id']}"
    return made


def test_an_item_is_read_as_it_was_made_and_its_tag_saves_the_body(api: httpx.Client, item: dict[str, Any]) -> None:
    first = api.get(f"/v1/items/{item['id']}")
    again = api.get(f"/v1/items/{item['id']}", headers={"If-None-Match": first.headers["ETag"]})

    assert first.json() == item
    assert (again.status_code, again.content) == (304, b"")


def test_a_change_needs_the_version_it_was_made_from(api: httpx.Client, item: dict[str, Any]) -> None:
    path, tag = f"/v1/items/{item['id']}", api.get(f"/v1/items/{item['id']}").headers["ETag"]

    unsaid = api.patch(path, json={"price": 1})
    changed = api.patch(path, json={"price": 999}, headers={"If-Match": tag})
    late = api.patch(path, json={"price": 1}, headers={"If-Match": tag})

    assert [unsaid.status_code, changed.status_code, late.status_code] == [428, 200, 412], late.text
    assert api.get(path).json()["price"] == 999


def test_an_item_that_was_removed_is_gone(api: httpx.Client, item: dict[str, Any]) -> None:
    path = f"/v1/items/{item['id']}"

    assert api.delete(path).status_code == 204
    assert [api.get(path).status_code, api.delete(path).status_code] == [404, 404]


def test_a_sku_is_taken_once(api: httpx.Client, item: dict[str, Any]) -> None:
    answer = api.post("/v1/items", json={"sku": item["sku"], "name": "another", "price": 1})

    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate-sku"), answer.text


def test_many_items_come_back_page_by_page_in_the_order_asked_for(api: httpx.Client, sku: str) -> None:
    bodies = [{"sku": f"{sku}-{n}", "name": f"part {n}", "category": sku, "price": 100 * n} for n in range(7)]
    made = api.post("/v1/items:bulk", json={"items": [*bodies, bodies[0]]}).json()["results"]
    assert [each["status"] for each in made] == [201] * 7 + [409], made

    query, prices = {"category": sku, "sort": "-price", "limit": "3"}, []
    while True:
        page = api.get("/v1/items", params=query).raise_for_status().json()
        prices += [each["price"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert prices == [600, 500, 400, 300, 200, 100, 0]
    some = api.get("/v1/items", params={"category": sku, "price_gte": "200", "price_lte": "400"}).json()["items"]
    assert sorted(each["price"] for each in some) == [200, 300, 400]


def test_a_search_finds_all_words_and_counts_facets(api: httpx.Client, sku: str) -> None:
    word = "w" + sku.rpartition("-")[2]
    for number, tag in enumerate(("red", "red", "blue")):
        body = {"sku": f"{sku}-{number}", "name": f"{word} lamp", "price": 10, "category": sku, "tags": [tag]}
        assert api.post("/v1/items", json=body).status_code == 201

    found = api.get("/v1/search", params={"q": f"{word} lamp", "facets": "true"}).raise_for_status().json()
    blue = api.get("/v1/search", params={"q": word, "tags": "blue"}).raise_for_status().json()

    assert {each["sku"] for each in found["items"]} == {f"{sku}-{number}" for number in range(3)}
    assert {each["value"]: each["count"] for each in found["facets"]["tags"]} == {"red": 2, "blue": 1}
    assert [each["sku"] for each in blue["items"]] == [f"{sku}-2"]
