"""CPU per request with the metrics middleware and without it, on the ASGI application, without a socket.

The route does next to nothing, so the share of the middleware is as large as it can be. Pairs of rounds take turns,
first and second. Floor: at most 1.1 times the CPU. Run: .venv/bin/python benchmarks/api_metrics_middleware.py
"""

import asyncio
import statistics
import sys

from fastapi import FastAPI, Response
from support.asgi import cpu_per_call, getter, summary, verdict

from perf_api.metrics.http_middleware import MeasuringMiddleware
from perf_api.metrics.registry import Metrics

CEILING = 1.1
CALLS = 1500
PAIRS = 31
BODY = b'{"id": "00000000000000000000000001", "name": "Brass lamp"}' * 8


def bare() -> FastAPI:
    app = FastAPI()

    @app.get("/v1/items/{item_id}")
    async def read_item(item_id: str) -> Response:  # noqa: ARG001  part of the route
        return Response(BODY, media_type="application/json")

    return app


async def main() -> bool:
    metrics, app = Metrics(), bare()
    without, within = getter(app, "/v1/items/1"), getter(MeasuringMiddleware(app, metrics), "/v1/items/1")
    await cpu_per_call(without, CALLS)
    await cpu_per_call(within, CALLS)
    ratios, costs = [], []
    for pair in range(PAIRS):
        order = (without, within) if pair % 2 else (within, without)
        cost = {call: await cpu_per_call(call, CALLS) for call in order}
        costs.append((cost[without], cost[within]))
        ratios.append(cost[within] / cost[without])
    plain, measured = (statistics.median(column) * 1e6 for column in zip(*costs, strict=True))
    print(f"CPU per request: {plain:.1f} us without, {measured:.1f} us with the middleware; {summary(ratios)}")
    labels = {"method": "GET", "route": "/v1/items/{item_id}", "status": "200"}
    counted = metrics.registry.get_sample_value("http_server_request_duration_seconds_count", labels)
    return verdict(
        f"the metrics middleware takes at most {CEILING} times the CPU, and counted all requests",
        kept=statistics.median(ratios) <= CEILING and counted == (PAIRS + 1) * CALLS,
    )


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
