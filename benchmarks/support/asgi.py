"""Calls an ASGI application without a socket, and compares what two ways of doing a thing cost in CPU."""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Serve = Callable[[], Awaitable[None]]


def getter(app: Any, path: str) -> Callable[[], Awaitable[int]]:
    """Return a function that sends one GET and returns the status of its answer."""
    # What uvicorn hands over for a request of a browser without cookies.
    headers = [
        (b"host", b"127.0.0.1:8000"),
        (b"user-agent", b"benchmark"),
        (b"accept", b"*/*"),
        (b"accept-encoding", b"gzip, deflate, br"),
        (b"connection", b"keep-alive"),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def get() -> int:
        statuses = []

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await app(dict(scope, state={}), receive, send)
        return int(statuses[0])

    return get


async def cpu_per_call(call: Callable[[], Awaitable[Any]], calls: int) -> float:
    """Return the CPU seconds of this process, all its threads included, per call."""
    began = time.process_time()
    for _ in range(calls):
        await call()
    return (time.process_time() - began) / calls


def summary(ratios: Sequence[float]) -> str:
    """Return the median of paired ratios and their range."""
    return f"median {statistics.median(ratios):.3f} of {len(ratios)} pairs ({min(ratios):.3f} to {max(ratios):.3f})"


def verdict(promise: str, *, kept: bool) -> bool:
    """Print whether a promise was kept, and return it."""
    print(f"{'kept  ' if kept else 'BROKEN'} {promise}", flush=True)
    return kept
