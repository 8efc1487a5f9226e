"""Rules R13, R14, R16 and R17: tokens, request ids, the documentation switch, no CORS."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

LAMP: dict[str, Any] = {"sku": "A-1", "name": "Lamp", "price": 4990}
FAULT = {"method": "GET", "route": "/v1/items/{item_id}/delivery-quote", "slowdown": 1.3}
ADMINISTRATION = [
    ("PUT", "/admin/faults", FAULT),
    ("DELETE", "/admin/faults", None),
    ("GET", "/v1/metrics-controller", None),
    ("POST", "/v1/metrics-controller/transitions", {"action": "reset"}),
]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(("method", "path", "body"), ADMINISTRATION)
def test_administration_needs_no_token_where_only_this_machine_reaches_it(
    make: Any, method: str, path: str, body: Any
) -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        answer = make(enable_faults=True, host=host).request(method, path, json=body)
        assert answer.status_code in (200, 204)


@pytest.mark.parametrize(("method", "path", "body"), ADMINISTRATION)
def test_administration_is_off_on_other_addresses_without_a_token(
    make: Any, method: str, path: str, body: Any
) -> None:
    answer = make(enable_faults=True, host="0.0.0.0").request(method, path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "PERF_API_ADMIN_TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path", "body"), ADMINISTRATION)
def test_administration_needs_the_token_that_is_set(make: Any, method: str, path: str, body: Any) -> None:
    client = make(enable_faults=True, admin_token="correct horse")

    for headers in ({}, bearer("wrong horse"), bearer(""), {"Authorization": "Basic correct horse"}):
        answer = client.request(method, path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "token-required")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.request(method, path, json=body, headers=bearer("correct horse")).status_code in (200, 204)


def test_writing_needs_a_token_only_if_one_is_set(make: Any, client: TestClient) -> None:
    guarded = make(write_token="correct horse")

    assert client.post("/v1/items", json=LAMP).status_code == 201
    assert guarded.post("/v1/items", json=LAMP).json()["code"] == "token-required"
    assert guarded.post("/v1/items", json=LAMP, headers=bearer("correct horse")).status_code == 201
    assert len(guarded.get("/v1/items").json()["items"]) == 1


def test_faults_are_off_unless_enabled(client: TestClient) -> None:
    answer = client.put("/admin/faults", json=FAULT)

    assert answer.status_code == 403
    assert "PERF_API_ENABLE_FAULTS" in answer.json()["detail"]


def test_a_fault_slows_its_route_down_until_it_is_cleared(make: Any) -> None:
    client = make(enable_faults=True)
    faults = client.app.state.faults

    assert client.put("/admin/faults", json=FAULT).json() == FAULT
    assert faults.slowdown("GET", FAULT["route"]) == 1.3
    assert faults.slowdown("GET", "/v1/items") == 1.0
    assert client.delete("/admin/faults").status_code == 204
    assert faults.slowdown("GET", FAULT["route"]) == 1.0


def test_a_fault_of_no_route_is_refused(make: Any) -> None:
    client = make(enable_faults=True)

    assert client.put("/admin/faults", json=FAULT | {"route": "/v1/itmes"}).status_code == 404
    assert client.put("/admin/faults", json=FAULT | {"method": "DELETE"}).status_code == 404


@pytest.mark.parametrize("given", ["abc-1.2_X", "x" * 64])
def test_a_proper_request_id_is_kept(client: TestClient, given: str) -> None:
    assert client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "a\u00fc", "{}"])
def test_an_improper_request_id_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get("/health/live", headers={b"X-Request-ID": given.encode("latin-1")})

    assert answer.headers["X-Request-ID"] not in ("", given)
    assert len(answer.headers["X-Request-ID"]) == 16


def test_every_request_has_an_id_of_its_own(client: TestClient) -> None:
    assert len({client.get("/health/live").headers["X-Request-ID"] for _ in range(20)}) == 20


def test_the_documentation_can_be_switched_off(make: Any, client: TestClient) -> None:
    assert client.get("/openapi.json").status_code == 200
    assert client.get("/docs").status_code == 200
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert make(docs=False).get(path).status_code == 404


def test_browsers_of_other_origins_get_nothing_unless_allowed(make: Any, client: TestClient) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}

    assert "access-control-allow-origin" not in client.get("/v1/items", headers=headers).headers
    assert client.options("/v1/items", headers=headers).status_code == 405
    allowed = make(cors_origins="https://shop.example").options("/v1/items", headers=headers)
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    other = make(cors_origins="https://else.example").options("/v1/items", headers=headers)
    assert "access-control-allow-origin" not in other.headers
