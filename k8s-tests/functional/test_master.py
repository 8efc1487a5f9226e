"""The master is closed to strangers and has its workers."""

import time

import httpx


def test_the_master_asks_who_is_there(master: httpx.Client) -> None:
    answer = httpx.get(f"{master.base_url}/stats/requests", timeout=15)

    closed_by_address = answer.status_code == 200 and master.base_url.host in ("127.0.0.1", "localhost")
    assert answer.status_code == 401 or closed_by_address, "anybody may use this master; set PERF_WEB_PASSWORD"


def test_workers_are_connected(master: httpx.Client) -> None:
    deadline, status = time.monotonic() + 120, {}
    while time.monotonic() < deadline:
        status = master.get("/perf/run").raise_for_status().json()
        if status["workers"]:
            return
        time.sleep(1)
    raise AssertionError(f"no worker has connected within 120 s: {status}")
