"""Requests as Locust's `request` event has them, made up, in any number."""

from types import SimpleNamespace

import numpy as np

START = 1_790_000_000.0
ANSWER = SimpleNamespace(status_code=200, headers={"X-Request-ID": "abc"})


def events(count: int, endpoints: int, *, per_second: float, fail_every: int = 1000) -> list[dict[str, object]]:
    """Return `count` events that go round the endpoints; latencies are log-normal around 20 ms."""
    latencies = np.exp(np.random.default_rng(1).normal(3.0, 0.5, count)).tolist()
    return [
        {
            "request_type": "GET",
            "name": f"/endpoint/{number % endpoints}",
            "response_time": latency,
            "response_length": 512,
            "response": ANSWER,
            "context": {},
            "exception": ConnectionError("refused") if number % fail_every == fail_every - 1 else None,
            "start_time": START + number / per_second,
            "url": "http://127.0.0.1/endpoint",
        }
        for number, latency in enumerate(latencies)
    ]
