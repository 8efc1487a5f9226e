from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from perf_api.app import create_app, open_items
from perf_api.settings import Settings

LAMP = {"sku": "A-1", "name": "Lamp", "price": 4990, "stock": 12}
QUOTE = "/v1/items/{item_id}/delivery-quote"


def settings(path: Path, **values: object) -> Settings:
    return Settings(database=f"sqlite:///{path / 'api.db'}", carrier_latency=0.0, **values)  # type: ignore[arg-type]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(settings(tmp_path, faults_enabled=True))) as client:
        yield client


def test_an_item_is_created_read_replaced_and_deleted(client: TestClient) -> None:
    created = client.post("/v1/items", json=LAMP)
    address = created.headers["Location"]

    assert created.status_code == 201
    assert client.get(address).json() == LAMP | {"id": 1, "version": 1}
    assert client.put(address, json=LAMP | {"stock": 3}).json()["version"] == 2
    assert client.get(address).json()["stock"] == 3
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "change",
    [{"sku": "a b"}, {"sku": "x" * 65}, {"price": -1}, {"price": "many"}, {"name": ""}, {"unheard": 1}, {"$set": {}}],
    ids=str,
)
def test_what_is_no_item_is_refused_and_not_stored(client: TestClient, change: dict[str, object]) -> None:
    assert client.post("/v1/items", json=LAMP | change).status_code == 422
    assert client.get("/v1/items").json() == {"items": [], "next": None}


def test_a_sku_is_used_once(client: TestClient) -> None:
    client.post("/v1/items", json=LAMP)

    assert client.post("/v1/items", json=LAMP).status_code == 409


def test_pages_follow_each_other_without_gap_or_repetition(client: TestClient) -> None:
    for number in range(7):
        client.post("/v1/items", json=LAMP | {"sku": f"S{number}"})
    seen, cursor = [], None
    while True:
        page = client.get("/v1/items", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert client.get("/v1/items", params={"cursor": "%%%"}).status_code == 422
    assert client.get("/v1/items", params={"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"}).status_code == 422


def test_items_survive_a_restart(tmp_path: Path) -> None:
    with TestClient(create_app(settings(tmp_path))) as client:
        client.post("/v1/items", json=LAMP)
    with TestClient(create_app(settings(tmp_path))) as client:
        assert client.get("/v1/items/1").json()["sku"] == "A-1"


def test_faults_are_off_by_default(tmp_path: Path) -> None:
    with TestClient(create_app(settings(tmp_path))) as client:
        answer = client.put("/admin/faults", json={"method": "GET", "route": QUOTE, "slowdown": 1.3})

    assert answer.status_code == 403
    assert "PERF_API_FAULTS_ENABLED" in answer.json()["detail"]


def test_a_fault_slows_its_route_down_until_it_is_cleared(client: TestClient) -> None:
    body = {"method": "GET", "route": QUOTE, "slowdown": 1.3}

    assert client.put("/admin/faults", json=body).json() == body
    assert client.app.state.faults.slowdown("GET", QUOTE) == 1.3  # type: ignore[attr-defined]
    assert client.app.state.faults.slowdown("GET", "/v1/items") == 1.0  # type: ignore[attr-defined]
    assert client.delete("/admin/faults").status_code == 204
    assert client.app.state.faults.slowdown("GET", QUOTE) == 1.0  # type: ignore[attr-defined]


def test_requests_are_measured_by_route_and_the_cache_counts(client: TestClient) -> None:
    client.post("/v1/items", json=LAMP)
    client.get("/v1/items/1")
    client.get("/v1/items/1")
    registry = client.app.state.metrics.registry  # type: ignore[attr-defined]
    labels = {"method": "GET", "route": "/v1/items/{item_id}", "status": "200"}

    assert registry.get_sample_value("http_server_request_duration_seconds_count", labels) == 2
    assert registry.get_sample_value("cache_requests_total", {"cache": "items", "result": "hit"}) == 1
    assert registry.get_sample_value("cache_requests_total", {"cache": "items", "result": "miss"}) == 1


def test_an_unknown_database_is_refused_not_replaced() -> None:
    with pytest.raises(ValueError, match="sqlite:///path"):
        open_items("postgres://x")


def test_health_and_documentation_are_served(client: TestClient) -> None:
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200
    assert "/v1/items" in client.get("/openapi.json").json()["paths"]
