"""A service as a process: its logs, its database file, its files."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

SECRETS = {
    "PERF_API_ADMIN_TOKEN": "hunter2-admin",
    "PERF_API_WRITE_TOKEN": "hunter2-write",
    "PERF_API_CURSOR_KEY": "hunter2-cursor",
}


def test_every_line_of_the_log_is_json_and_a_request_is_found_by_its_id(start: Any, tmp_path: Path) -> None:
    live = start(f"sqlite:///{tmp_path}/api.db")
    httpx.get(f"{live.url}/v1/items?sku_prefix=private", headers={"X-Request-ID": "find-me"}, timeout=30)
    live.terminate()
    live.process.wait(30)

    lines = [json.loads(line) for line in live.lines().splitlines()]
    (found,) = [line for line in lines if line.get("request_id") == "find-me"]
    assert all({"time", "level", "logger", "event"} <= set(line) for line in lines)
    assert (found["event"], found["method"], found["path"], found["status"]) == ("request", "GET", "/v1/items", 200)
    assert found["seconds"] > 0
    assert "private" not in live.lines()


def test_secrets_never_reach_the_log(start: Any) -> None:
    url = "mongodb://user:hunter2-mongo@127.0.0.1:1/shop?serverSelectionTimeoutMS=200"
    live = start(url, "live", PERF_API_LOG_LEVEL="debug", **SECRETS)
    headers = {"Authorization": "Bearer hunter2-write"}
    httpx.post(f"{live.url}/v1/items", json={"sku": "a"}, headers=headers, timeout=30)
    httpx.get(f"{live.url}/v1/metrics-controller", headers={"Authorization": "Bearer hunter2-wrong"}, timeout=30)
    ready = httpx.get(f"{live.url}/health/ready", timeout=30)
    live.terminate()
    live.process.wait(30)

    assert ready.status_code == 503
    assert "database.unreachable" in live.lines()
    assert "hunter2" not in live.lines()


def test_an_unreachable_mongodb_does_not_stop_the_start_and_is_not_replaced(start: Any, tmp_path: Path) -> None:
    live = start("mongodb://127.0.0.1:1/shop?serverSelectionTimeoutMS=200", "live")

    assert httpx.get(f"{live.url}/health/live", timeout=30).status_code == 200
    assert httpx.get(f"{live.url}/health/ready", timeout=30).json()["code"] == "not-ready"
    refused = httpx.post(f"{live.url}/v1/items", json={"sku": "a", "name": "b", "price": 1}, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (503, "database-unavailable")
    assert not list(tmp_path.glob("*.db*"))


def test_only_the_database_is_written_to_disk(start: Any, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    live = start(f"sqlite:///{tmp_path}/data/api.db", PYTHONDONTWRITEBYTECODE="1")
    httpx.post(f"{live.url}/v1/items", json={"sku": "a", "name": "b", "price": 1}, timeout=30)

    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert written - {live.log.name} == {f"data/api.db{end}" for end in ("", "-wal", "-shm", ".lock")}


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n"]
)
def test_what_is_no_http_is_told_as_a_problem(start: Any, sent: bytes) -> None:
    live = start("sqlite:///:memory:")
    host, port = live.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(sent)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == "bad-request"


def test_metrics_are_on_their_own_port_only(start: Any, tmp_path: Path) -> None:
    live = start(f"sqlite:///{tmp_path}/api.db")
    httpx.get(f"{live.url}/v1/items", timeout=30)

    labels = 'method="GET",route="/v1/items",status="200"'
    assert f"http_server_request_duration_seconds_count{{{labels}}} 1.0" in httpx.get(live.metrics).text
    operation = 'collection="items",operation="page",outcome="ok"'
    assert f"db_operation_duration_seconds_count{{{operation}}} 1.0" in httpx.get(live.metrics).text
    assert httpx.get(f"{live.url}/metrics").status_code == 404


async def test_a_burst_of_clients_is_shed_not_queued(start: Any, tmp_path: Path) -> None:
    live = start(f"sqlite:///{tmp_path}/api.db", PERF_API_MAX_CONCURRENCY="4", PERF_API_CARRIER_LATENCY="2")
    item = {"sku": "a", "name": "b", "price": 1}
    address = httpx.post(f"{live.url}/v1/items", json=item, timeout=30).headers["Location"]

    async with httpx.AsyncClient(base_url=live.url, timeout=30) as client:
        answers = await asyncio.gather(*(client.get(f"{address}/delivery-quote") for _ in range(40)))

    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [503] * 36
    shed = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["code"] for answer in shed} == {"overloaded"}
    assert max(answer.elapsed.total_seconds() for answer in shed) < 2
