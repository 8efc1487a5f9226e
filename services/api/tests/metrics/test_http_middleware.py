import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Response
from starlette.types import Message, Scope

from perf_api.metrics.http_middleware import MeasuringMiddleware
from perf_api.metrics.registry import Metrics


class Client:
    """Calls an ASGI application in this event loop and keeps the messages it sent."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def request(self, method: str, path: str) -> list[Message]:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        scope: Scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": []}
        scope.update({"query_string": b"", "http_version": "1.1", "scheme": "http", "root_path": ""})
        await self.app(scope, receive, send)
        return sent


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def started() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def client(metrics: Metrics, started: asyncio.Event) -> Client:
    app = FastAPI()

    @app.get("/things/{thing_id}")
    async def read(thing_id: int) -> Response:
        if thing_id == 0:
            raise HTTPException(404)
        return Response(b"ok")

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("no answer")

    @app.get("/endless")
    async def endless() -> None:
        started.set()
        await asyncio.Event().wait()

    return Client(MeasuringMiddleware(app, metrics))


def count(metrics: Metrics, method: str, route: str, status: int) -> float | None:
    labels = {"method": method, "route": route, "status": str(status)}
    return metrics.registry.get_sample_value("http_server_request_duration_seconds_count", labels)


async def test_requests_are_counted_by_route_template_and_status(client: Client, metrics: Metrics) -> None:
    for thing in (1, 2, 3, 0):
        await client.request("GET", f"/things/{thing}")

    assert count(metrics, "GET", "/things/{thing_id}", 200) == 3
    assert count(metrics, "GET", "/things/{thing_id}", 404) == 1


async def test_what_reaches_no_route_has_one_label_whatever_its_path(client: Client, metrics: Metrics) -> None:
    for path in ("/a", "/b", "/things/1/more"):
        await client.request("GET", path)

    assert count(metrics, "GET", "unmatched", 404) == 3


async def test_an_invented_method_makes_no_label(client: Client, metrics: Metrics) -> None:
    for method in ("BREW", "WHEN"):
        await client.request(method, "/things/1")
    methods = {sample.labels["method"] for family in metrics.request_duration.collect() for sample in family.samples}

    assert methods == {"OTHER"}


async def test_an_answer_that_broke_counts_as_500(client: Client, metrics: Metrics) -> None:
    with pytest.raises(RuntimeError):
        await client.request("GET", "/broken")

    assert count(metrics, "GET", "/broken", 500) == 1


async def test_a_cancelled_request_counts_as_499_and_is_active_until_then(
    client: Client, metrics: Metrics, started: asyncio.Event
) -> None:
    def active() -> float | None:
        return metrics.registry.get_sample_value("http_server_active_requests")

    serving = asyncio.create_task(client.request("GET", "/endless"))
    await started.wait()

    assert active() == 1
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert active() == 0
    assert count(metrics, "GET", "/endless", 499) == 1


async def test_durations_are_seconds(client: Client, metrics: Metrics) -> None:
    await client.request("GET", "/things/1")
    labels = {"method": "GET", "route": "/things/{thing_id}", "status": "200"}
    total = metrics.registry.get_sample_value("http_server_request_duration_seconds_sum", labels)

    assert total is not None
    assert 0 < total < 5


async def test_a_lifespan_passes_through(metrics: Metrics) -> None:
    seen = []

    async def app(scope: Scope, _receive: object, _send: object) -> None:
        seen.append(scope["type"])

    await MeasuringMiddleware(app, metrics)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]

    assert seen == ["lifespan"]
    assert count(metrics, "GET", "unmatched", 500) is None
