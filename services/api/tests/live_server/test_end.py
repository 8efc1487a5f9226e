"""The end of a service: SIGTERM costs no request, whatever is going on."""

import asyncio
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from perf_api.serving import end_of

LAMP = {"sku": "A-1", "name": "Lamp", "price": 4990, "stock": 1_000_000}


@pytest.mark.parametrize("drain", [0.0, 3.0, 8.0])
@pytest.mark.parametrize("deadline", [0.1, 5.0, 60.0])
def test_an_end_takes_less_than_fifteen_seconds(drain: float, deadline: float) -> None:
    end = end_of(drain, deadline)

    assert drain + end.linger + end.finish < 15
    assert end.finish >= min(deadline, 6)


class Outcome:
    """What the clients of a service saw; refused is a connection that was never accepted."""

    def __init__(self) -> None:
        self.answered, self.failed, self.refused = 0, list[str](), 0


async def shop(url: str, path: str, outcome: Outcome, *, keep_alive: bool, think: float) -> None:
    """Send requests one after the other until nobody accepts connections any more."""
    limits = httpx.Limits(max_keepalive_connections=None if keep_alive else 0)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as client:
        while True:
            try:
                answer = await client.get(path)
            except httpx.ConnectError:
                outcome.refused += 1
                return
            except httpx.TransportError as error:
                outcome.failed.append(repr(error))
                continue
            if answer.status_code != 200:
                outcome.failed.append(answer.text)
            outcome.answered += 1
            await asyncio.sleep(think)


async def test_sigterm_under_load_fails_no_request(start: Any, tmp_path: Path) -> None:
    live = start(f"sqlite:///{tmp_path}/api.db", PERF_API_DRAIN="1")
    address = httpx.post(f"{live.url}/v1/items", json=LAMP, timeout=30).headers["Location"]
    outcome = Outcome()
    kinds = [(True, 0.0), (True, 0.3), (False, 0.0), (False, 0.01)]
    clients = [
        asyncio.create_task(shop(live.url, path, outcome, keep_alive=keep_alive, think=think))
        for keep_alive, think in kinds
        for path in (address, f"{address}/delivery-quote", "/v1/items")
    ]
    while outcome.answered < 300:
        await asyncio.sleep(0.05)
    live.terminate()
    began = time.monotonic()
    await asyncio.gather(*clients)

    assert outcome.failed == []
    assert outcome.refused == len(clients)
    assert await asyncio.to_thread(live.process.wait, 30) == 0
    assert time.monotonic() - began < 15
    assert "Traceback" not in live.lines()


def test_while_draining_requests_are_served_and_connections_closed(start: Any, tmp_path: Path) -> None:
    live = start(f"sqlite:///{tmp_path}/api.db", PERF_API_DRAIN="3")
    with httpx.Client(base_url=live.url, timeout=30) as client:
        assert "connection" not in client.get("/v1/items").headers
        live.terminate()
        while (ready := client.get("/health/ready")).status_code == 200:
            time.sleep(0.01)
        served = client.get("/v1/items")
        alive = client.get("/health/live")

    assert (ready.status_code, ready.json()["code"]) == (503, "not-ready")
    assert (served.status_code, served.headers["connection"]) == (200, "close")
    assert alive.status_code == 200
    assert live.process.wait(30) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(live.url)


def test_what_is_in_flight_when_listening_ends_is_finished(start: Any, tmp_path: Path) -> None:
    live = start(f"sqlite:///{tmp_path}/api.db", PERF_API_DRAIN="0", PERF_API_CARRIER_LATENCY="2")
    address = httpx.post(f"{live.url}/v1/items", json=LAMP, timeout=30).headers["Location"]
    with _connected(live.url) as in_flight, _connected(live.url) as idle, _connected(live.url) as half_sent:
        in_flight.sendall(f"GET {address}/delivery-quote HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        half_sent.sendall(b"GET /v1/items HTTP/1.1\r\nHo")
        time.sleep(0.5)
        live.terminate()
        _wait_until_deaf(live.url)
        idle.sendall(b"GET /v1/items HTTP/1.1\r\nHost: x\r\n\r\n")
        half_sent.sendall(b"st: x\r\n\r\n")
        answers = [_read_all(each) for each in (in_flight, idle, half_sent)]

    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer
    assert live.process.wait(30) == 0


def test_every_connection_that_was_accepted_is_answered(start: Any, tmp_path: Path) -> None:
    live = start(f"sqlite:///{tmp_path}/api.db", PERF_API_DRAIN="0")
    connections: list[socket.socket] = []
    with suppress(ConnectionRefusedError):
        while len(connections) < 10_000:
            connections.append(_connected(live.url))
            connections[-1].sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            if len(connections) == 50:
                live.terminate()
            time.sleep(0.001)

    assert 50 <= len(connections) < 10_000
    for connection in connections:
        assert _read_all(connection).startswith(b"HTTP/1.1 200")
        connection.close()
    assert live.process.wait(30) == 0


def test_an_idle_connection_does_not_hold_up_the_end(start: Any, tmp_path: Path) -> None:
    live = start(f"sqlite:///{tmp_path}/api.db", PERF_API_DRAIN="0")
    with _connected(live.url), httpx.Client(base_url=live.url) as client:
        client.get("/health/live")
        began = time.monotonic()
        live.terminate()

        assert live.process.wait(60) == 0
        assert time.monotonic() - began < 15


def _connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def _read_all(connection: socket.socket) -> bytes:
    received = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def _wait_until_deaf(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            _connected(url).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise AssertionError("the service still listens")
