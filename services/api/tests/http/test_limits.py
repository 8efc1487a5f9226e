"""Rules R1 to R4 and R6 to R8: what a request may take, and what the service says when it cannot serve."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from perf_api.app import create_app
from perf_api.domain.errors import DatabaseUnavailableError
from perf_api.settings import Settings

LAMP: dict[str, Any] = {"sku": "A-1", "name": "Lamp", "price": 4990}


def bulk(items: int, name: str = "Lamp") -> str:
    return json.dumps({"items": [LAMP | {"sku": f"S{number}", "name": name} for number in range(items)]})


def pieces(text: str) -> Iterator[bytes]:
    """The body in chunks, without a Content-Length."""
    for begin in range(0, len(text), 50_000):
        yield text[begin : begin + 50_000].encode()


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "chunked"])
def test_a_body_may_have_a_mebibyte(client: TestClient, *, chunked: bool) -> None:
    fitting = json.dumps(LAMP) + " " * (1024**2 - len(json.dumps(LAMP)))
    headers = {"Content-Type": "application/json"}

    def send(text: str) -> Any:
        return client.post("/v1/items", content=pieces(text) if chunked else text, headers=headers)

    refused = send(fitting + " ")
    assert (refused.status_code, refused.json()["code"]) == (413, "body-too-large")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert client.get("/v1/items").json()["items"] == []
    assert send(fitting).status_code == 201


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "chunked"])
def test_a_body_of_many_items_may_have_four(client: TestClient, *, chunked: bool) -> None:
    headers = {"Content-Type": "application/json"}

    def send(text: str) -> Any:
        return client.post("/v1/items:bulk", content=pieces(text) if chunked else text, headers=headers)

    fitting = bulk(500) + " " * (2 * 1024**2)
    assert send(fitting).status_code == 207
    assert send(fitting + " " * (2 * 1024**2)).status_code == 413


def test_many_items_are_at_most_500(client: TestClient) -> None:
    answer = client.post("/v1/items:bulk", content=bulk(501), headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/items")


def test_a_body_where_none_belongs_is_limited_too(client: TestClient) -> None:
    assert client.request("GET", "/health/live", content=b"x" * (1024**2 + 1)).status_code == 413
    assert client.request("GET", "/nowhere", content=b"x" * (1024**2 + 1)).status_code == 413


def test_a_request_that_takes_too_long_is_given_up(make: Any) -> None:
    client = make(carrier_latency=5.0, deadline=0.2)
    address = client.post("/v1/items", json=LAMP).headers["Location"]

    answer = client.get(f"{address}/delivery-quote")

    assert (answer.status_code, answer.json()["code"]) == (504, "deadline-exceeded")
    assert answer.json()["retryable"] is True
    assert client.get(address).status_code == 200


def test_a_distance_delays_requests_of_the_api_and_nothing_else(make: Any) -> None:
    client = make(network_latency=5.0, deadline=0.2)

    assert client.get("/v1/items").json()["code"] == "deadline-exceeded"
    assert client.get("/health/live").status_code == 200
    assert client.get("/v1/metrics-controller").status_code in {200, 401, 403}


def test_more_requests_than_fit_are_refused_at_once(make: Any) -> None:
    client = make(carrier_latency=0.5, max_concurrency=2)
    address = client.post("/v1/items", json=LAMP).headers["Location"]
    statuses = asyncio.run(_together(client, f"{address}/delivery-quote", 6))

    assert sorted(statuses) == [200, 200, 503, 503, 503, 503]
    refused = statuses.index(503)
    assert statuses.index(200) < refused or refused == 0
    assert client.get(address).status_code == 200


def test_health_is_answered_while_the_service_is_full(make: Any) -> None:
    client = make(carrier_latency=0.3, max_concurrency=1)
    address = client.post("/v1/items", json=LAMP).headers["Location"]

    statuses = asyncio.run(_together(client, f"{address}/delivery-quote", 1, "/health/live", "/health/ready"))

    assert statuses == [200, 200, 200]


async def _together(client: TestClient, path: str, times: int, *others: str) -> list[int]:
    """Send requests at once, to the same application, and return their statuses."""
    paths = [path] * times + list(others)
    answers = await asyncio.gather(*(asyncio.to_thread(client.get, each) for each in paths))
    return [answer.status_code for answer in answers]


class Unreachable:
    """A database that cannot be reached: what an adapter does when its server is away."""

    def __init__(self) -> None:
        self.items = self.orders = self
        self.asked = 0

    async def prepare(self) -> None:
        self.asked += 1
        raise DatabaseUnavailableError("mongodb://user:hunter2@db:27017 refused")

    async def ping(self) -> None:
        raise DatabaseUnavailableError("away")

    async def close(self) -> None:
        return


def test_an_unreachable_database_means_not_ready_but_alive() -> None:
    database = Unreachable()
    with TestClient(create_app(Settings(access_log=False), database=database)) as client:  # type: ignore[arg-type]
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        listed = client.get("/v1/items")

    assert database.asked >= 1
    assert (ready.status_code, ready.json()["code"]) == (503, "not-ready")
    assert (listed.status_code, listed.json()["code"]) == (503, "database-unavailable")
    assert listed.headers["Retry-After"] == "1"
    assert "hunter2" not in ready.text + listed.text


def test_readiness_asks_the_database_once_a_second_at_most(client: TestClient) -> None:
    database = client.app.state.database  # type: ignore[attr-defined]
    asked = 0
    ping = database.ping

    async def counted() -> None:
        nonlocal asked
        asked += 1
        await ping()

    database.ping = counted
    for _ in range(50):
        assert client.get("/health/ready").status_code == 200

    assert 1 <= asked <= 10


def test_a_database_that_stops_answering_makes_the_service_not_ready(make: Any) -> None:
    client = make()
    client.app.state.database.ping = Unreachable().ping

    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize("error", [RuntimeError("secret"), TimeoutError("secret"), OSError("secret")], ids=repr)
def test_an_error_nobody_expected_tells_nothing(make: Any, error: Exception) -> None:
    client = make()

    async def fail(_: str) -> None:
        raise error

    client.app.state.database.items.get = fail
    answer = client.get(f"/v1/items/{'0' * 26}/delivery-quote")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
