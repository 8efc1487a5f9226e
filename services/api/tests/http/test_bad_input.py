"""What is refused, how that is told, and that nothing of it is stored."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

LAMP: dict[str, Any] = {"sku": "A-1", "name": "Lamp", "price": 4990}
FIELDS = {"type", "title", "status", "detail", "instance", "code", "request_id", "retryable"}
ITEM = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def told(answer: Any, status: int, code: str) -> Any:
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(problem) - {"errors"} == FIELDS
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    assert problem["type"] == f"/problems/{code}"
    return problem


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"unheard": 1}, "/unheard"),
        ({"$set": {"price": 0}}, "/$set"),
        ({"price": {"$gt": 0}}, "/price"),
        ({"price": "12"}, "/price"),
        ({"price": True}, "/price"),
        ({"price": 1.5}, "/price"),
        ({"price": -1}, "/price"),
        ({"price": 10**30}, "/price"),
        ({"price": None}, "/price"),
        ({"sku": "a b"}, "/sku"),
        ({"sku": ""}, "/sku"),
        ({"sku": "x" * 65}, "/sku"),
        ({"sku": "a\n"}, "/sku"),
        ({"sku": "a\x00"}, "/sku"),
        ({"name": ""}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"currency": "euro"}, "/currency"),
        ({"stock": "many"}, "/stock"),
        ({"tags": ["t"] * 21}, "/tags"),
        ({"tags": "sale"}, "/tags"),
        ({"tags": ["a b"]}, "/tags/0"),
        ({"attributes": {"$where": 1}}, "/attributes/$where/[key]"),
        ({"attributes": {"a.b": 1}}, "/attributes/a.b/[key]"),
        ({"attributes": {"a\x00": 1}}, "/attributes/a\x00/[key]"),
        ({"attributes": {"a": "b\x00"}}, "/attributes/a"),
        ({"attributes": {"a": {"b": 1}}}, "/attributes/a"),
        ({"attributes": {"a": [1]}}, "/attributes/a"),
        ({"attributes": {"a": "x" * 201}}, "/attributes/a"),
        ({"attributes": {"a": 2**60}}, "/attributes/a"),
        ({"attributes": {f"a{number}": 1 for number in range(51)}}, "/attributes"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named_and_nothing_is_stored(client: TestClient, change: Any, pointer: str) -> None:
    problem = told(client.post("/v1/items", json=LAMP | change), 422, "invalid")

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert problem["errors"][0]["in"] == "body"
    assert client.get("/v1/items").json() == {"items": [], "next_cursor": None}


def test_a_missing_field_is_named(client: TestClient) -> None:
    problem = told(client.post("/v1/items", json={"sku": "A-1"}), 422, "invalid")

    assert [error["pointer"] for error in problem["errors"]] == ["/name", "/price"]
    assert "body /name" in problem["detail"]


def test_what_was_sent_is_not_echoed(client: TestClient) -> None:
    answer = client.post("/v1/items", json=LAMP | {"name": "secret\x00secret", "price": "hush-hush"})

    assert "secret" not in answer.text
    assert "hush" not in answer.text


def test_a_flood_of_mistakes_is_answered_shortly(client: TestClient) -> None:
    answer = client.post("/v1/items", json={f"{number}{'x' * 900}": 1 for number in range(500)})

    assert len(told(answer, 422, "invalid")["errors"]) == 20
    assert len(answer.content) < 12_000


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"\xff\xfe", b"NaN", b'{"price": Infinity}', b'{"name": "\\ud800"}', b"[" * 100_000,
        b'{"a":' * 100_000, b'{"price": ' + b"9" * 100_000 + b"}",
    ],
    ids=["cut off", "no UTF-8", "NaN", "Infinity", "half a surrogate", "deep list", "deep object", "huge number"],
)  # fmt: skip
def test_what_is_no_json_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/items", content=body, headers={"Content-Type": "application/json"})

    told(answer, 400, "malformed-json")
    assert client.get("/v1/items").json()["items"] == []


@pytest.mark.parametrize("body", ["[]", "null", "1", '"text"'])
def test_json_that_is_no_object_is_refused(client: TestClient, body: str) -> None:
    told(client.post("/v1/items", content=body, headers={"Content-Type": "application/json"}), 422, "invalid")


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "", "application/json; charset=latin-1",
     "application/merge-patch+json", "multipart/form-data; boundary=x"],
)  # fmt: skip
def test_another_media_type_is_refused(client: TestClient, media_type: str) -> None:
    answer = client.post("/v1/items", content=json.dumps(LAMP), headers={"Content-Type": media_type})

    told(answer, 415, "unsupported-media-type")
    assert answer.headers["Accept"] == "application/json"


def test_json_may_say_its_charset(client: TestClient) -> None:
    headers = {"Content-Type": "application/json; charset=UTF-8"}

    assert client.post("/v1/items", content=json.dumps(LAMP), headers=headers).status_code == 201


def test_a_missing_body_is_refused(client: TestClient) -> None:
    told(client.post("/v1/items"), 422, "invalid")


@pytest.mark.parametrize("item_id", ["1", "x", "0" * 27, ITEM.lower(), "8" + ITEM[1:], "$ne", "%00", "..%2f"])
def test_a_bad_id_is_refused(client: TestClient, item_id: str) -> None:
    answer = client.get(f"/v1/items/{item_id}")

    assert answer.status_code in (404, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "cursor",
    ["x", "%%%", "AAAA", "A" * 1000, "W10", "eyJpZCI6MX0", "\u00fc", "a.b", ""],
    ids=["short", "no alphabet", "zeros", "long", "a list", "an object", "not ASCII", "dotted", "empty"],
)
def test_a_bad_cursor_is_refused(client: TestClient, cursor: str) -> None:
    answer = client.get("/v1/items", params={"cursor": cursor})

    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("bad-cursor", "invalid")


def test_a_damaged_cursor_and_that_of_another_list_are_refused(client: TestClient) -> None:
    for number in range(3):
        client.post("/v1/items", json=LAMP | {"sku": f"S{number}"})
    cursor = client.get("/v1/items", params={"limit": 1}).json()["next_cursor"]

    assert client.get("/v1/items", params={"limit": 2, "cursor": cursor}).status_code == 200
    for place in range(len(cursor)):
        damaged = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        told(client.get("/v1/items", params={"cursor": damaged}), 400, "bad-cursor")
    told(client.get("/v1/items", params={"cursor": cursor, "sort": "price"}), 400, "bad-cursor")
    told(client.get("/v1/items", params={"cursor": cursor, "category": "x"}), 400, "bad-cursor")
    told(client.get("/v1/customers/ann/orders", params={"cursor": cursor}), 400, "bad-cursor")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/items?limit=0", "/limit"),
        ("/v1/items?limit=101", "/limit"),
        ("/v1/items?limit=x", "/limit"),
        ("/v1/items?skip=10", "/skip"),
        ("/v1/items?sort=stock", "/sort"),
        ("/v1/items?sort=$natural", "/sort"),
        ("/v1/items?price_gte[$gt]=1", "/price_gte[$gt]"),
        ("/v1/items?category=%00", "/category"),
        ("/v1/items?sku_prefix=.*", "/sku_prefix"),
        ("/v1/search?q=%00", "/q"),
        ("/v1/search?tags=a&tags=b%20c", "/tags/1"),
        ("/v1/search?q=" + "+".join(f"w{number}" for number in range(11)), ""),
        ("/v1/reports/sales?from=yesterday", "/from"),
        ("/v1/reports/sales?from=2026-01-02&to=2026-01-01", ""),
        ("/v1/reports/sales?from=2020-01-01&to=2026-01-01", ""),
        ("/v1/reports/sales?group_by=customer", "/group_by"),
        ("/v1/customers/a%20b/orders", "/customer_id"),
    ],
)
def test_a_bad_query_is_refused(client: TestClient, path: str, pointer: str) -> None:
    problem = told(client.get(path), 422, "invalid")

    assert problem["errors"][0]["pointer"] == pointer


def test_a_dot_in_a_prefix_is_a_dot(client: TestClient) -> None:
    client.post("/v1/items", json=LAMP | {"sku": "ABC"})

    assert client.get("/v1/items", params={"sku_prefix": "A.C"}).json()["items"] == []


def test_an_unknown_address_is_told(client: TestClient) -> None:
    told(client.get("/v2/items"), 404, "route-not-found")
    told(client.get("/v1/items/"), 404, "route-not-found")
    told(client.get("/v1/items/a/b/c"), 404, "route-not-found")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_an_unknown_method_is_told(client: TestClient, method: str) -> None:
    answer = client.request(method, "/v1/items")

    told(answer, 405, "method-not-allowed")
    assert {each.strip() for each in answer.headers["Allow"].split(",")} >= {"GET", "POST"}
