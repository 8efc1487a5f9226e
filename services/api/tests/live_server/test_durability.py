"""kill -9 in the middle of writing loses nothing that was acknowledged."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import httpx


async def write(url: str, writer: str, acknowledged: set[str]) -> None:
    """Add items until the service is gone."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for number in range(1_000_000):
            sku = f"{writer}-{number}"
            try:
                answer = await client.post("/v1/items", json={"sku": sku, "name": "Thing", "price": 1})
            except httpx.TransportError:
                return
            if answer.status_code == 201:
                acknowledged.add(sku)


async def test_kill_9_loses_no_acknowledged_write(start: Any, tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for round_ in range(3):
        live = start(f"sqlite:///{tmp_path}/api.db", PERF_API_ACCESS_LOG="false")
        before = len(acknowledged)
        writers = [asyncio.create_task(write(live.url, f"r{round_}w{number}", acknowledged)) for number in range(16)]
        while len(acknowledged) < before + 150:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(live.kill)
        await asyncio.gather(*writers)

        with sqlite3.connect(tmp_path / "api.db") as connection:
            stored = {sku for (sku,) in connection.execute("SELECT sku FROM items")}
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert acknowledged <= stored
    live = start(f"sqlite:///{tmp_path}/api.db")
    sku = max(acknowledged)
    found = httpx.get(f"{live.url}/v1/items", params={"sku_prefix": sku, "limit": 100}, timeout=30).json()
    assert sku in {item["sku"] for item in found["items"]}
