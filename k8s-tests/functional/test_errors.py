"""What cannot be right is refused with a problem that says where, and limits hold."""

import httpx
import pytest

LARGE = b'{"sku": "x", "name": "' + b"x" * (1 << 20) + b'"}'
DEEP = b'{"sku": "x", "name": "x", "price": 1, "attributes": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(b"{", JSON, 400, id="no JSON"),
        pytest.param(b"sku=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415, id="a form"),
        pytest.param(b'{"sku": "x", "name": "x", "price": -1}', JSON, 422, id="negative price"),
        pytest.param(b'{"sku": "x", "name": "x", "price": 1, "$where": "1"}', JSON, 422, id="unknown field"),
        pytest.param(b'{"sku": {"$gt": ""}, "name": "x", "price": 1}', JSON, 422, id="an operator for a text"),
        pytest.param(LARGE, JSON, 413, id="over 1 MiB"),
    ],
)
def test_a_body_that_cannot_be_right_is_refused(
    api: httpx.Client, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = api.post("/v1/items", content=body, headers=headers)

    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["status"] == status


def test_deep_nesting_is_refused(api: httpx.Client) -> None:
    assert api.post("/v1/items", content=DEEP, headers=JSON).status_code in (400, 422)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/items/00000000009999999999999999", 404),
        ("/v1/items/no-id", 422),
        ("/v1/orders/00000000009999999999999999", 404),
        ("/v1/items?limit=100000", 422),
        ("/v1/items?cursor=forged", 400),
        ("/v1/items?sort=password", 422),
        ("/v1/nothing", 404),
    ],
)
def test_a_question_that_has_no_answer_is_a_problem(api: httpx.Client, path: str, status: int) -> None:
    answer = api.get(path)

    assert (answer.status_code, answer.json()["status"]) == (status, status), answer.text[:500]


def test_a_wrong_field_is_named(api: httpx.Client) -> None:
    errors = api.post("/v1/items", json={"sku": "x", "name": "x", "price": "dear"}).json()["errors"]

    assert [each["pointer"] for each in errors] == ["/price"], errors


def test_the_health_routes_tell_life_and_readiness(api: httpx.Client) -> None:
    assert api.get("/health/live").json() == {"status": "live"}
    assert api.get("/health/ready").json() == {"status": "ready"}
