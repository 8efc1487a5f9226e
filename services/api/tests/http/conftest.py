"""The application on SQLite in memory, called without a socket."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from perf_api.app import create_app
from perf_api.settings import Settings

Make = Callable[..., TestClient]


@pytest.fixture
def make() -> Iterator[Make]:
    """A function that makes a client of an application with other settings."""
    opened: list[TestClient] = []

    def run(**settings: object) -> TestClient:
        values: dict[str, object] = {"database": "sqlite:///:memory:", "carrier_latency": 0.0, "access_log": False}
        client = TestClient(create_app(Settings(**values | settings)))  # type: ignore[arg-type]
        client.__enter__()
        opened.append(client)
        return client

    yield run
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make: Make) -> TestClient:
    return make()
