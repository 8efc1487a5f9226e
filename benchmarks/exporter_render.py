"""Rendering 500 endpoints with a histogram of 14 buckets: the exporter's page against prometheus_client's children.

The other side is what an exporter is usually made of: one child per series, written by `generate_latest`. Both write
the same series with the same values. Rounds take turns; processor time. Ceiling: 0.25 times the time.
Run: .venv/bin/python benchmarks/exporter_render.py [--rounds 15]
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from support.asgi import summary, verdict

from perf_core.model.snapshot import BOUNDS, EndpointCounters
from perf_exporter.endpoint_text import USUAL_CLASSES, endpoint_text

CEILING = 0.25
ENDPOINTS = 500
BUCKETS = BOUNDS[5:18]
"""13 upper edges; the fourteenth is +Inf."""
MIDDLES = [edge * 0.9 for edge in BUCKETS] + [BUCKETS[-1] * 2]


def counters(number: int) -> EndpointCounters:
    """Return the counters of one endpoint: one request in each bucket."""
    return EndpointCounters(
        "GET", f"/endpoint/{number}", len(MIDDLES), {}, 512 * number, sum(MIDDLES), (1,) * len(MIDDLES), 0.0
    )


def children(endpoints: tuple[EndpointCounters, ...]) -> CollectorRegistry:
    """Return a registry with a child per series."""
    registry = CollectorRegistry()
    names = ("method", "name")
    requests = Counter("locust_requests", "Requests.", names, registry=registry)
    failures = Counter("locust_request_failures", "Failures.", (*names, "error_class"), registry=registry)
    durations = Histogram("locust_request_duration_seconds", "Time.", names, buckets=BUCKETS, registry=registry)
    sizes = Counter("locust_response_bytes", "Bytes.", names, registry=registry)
    for each in endpoints:
        requests.labels(each.method, each.name).inc(each.requests)
        sizes.labels(each.method, each.name).inc(each.bytes)
        for error_class in USUAL_CLASSES:
            failures.labels(each.method, each.name, error_class)
        for seconds in MIDDLES:
            durations.labels(each.method, each.name).observe(seconds)
    return registry


def samples(page: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return the value of each series, without those that tell when a child was made."""
    found = (each for family in text_string_to_metric_families(page) for each in family.samples)
    wanted = (each for each in found if not each.name.endswith("_created"))
    return {(each.name, frozenset(each.labels.items())): round(each.value, 9) for each in wanted}


def cpu(write: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    began = time.process_time()
    write()
    return time.process_time() - began


def main() -> bool:
    """Print the figures; return whether the promise is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    endpoints = tuple(counters(number) for number in range(ENDPOINTS))
    registry = children(endpoints)
    ours, theirs = endpoint_text(endpoints, BUCKETS), generate_latest(registry).decode()
    same = samples(ours) == samples(theirs)
    assert list(accumulate(endpoints[0].counts))[-1] == len(MIDDLES)
    pairs = [
        (cpu(lambda: endpoint_text(endpoints, BUCKETS).encode()), cpu(lambda: generate_latest(registry)))
        for _ in range(rounds)
    ]
    ratios = [mine / other for mine, other in pairs]
    mine, other = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    print(f"{len(samples(ours))} series, {len(ours) >> 10} KiB: {mine:.1f} ms, children {other:.1f} ms")
    print(f"ratio: {summary(ratios)}")
    equal = verdict("both pages have the same series and values", kept=same)
    median = statistics.median(ratios)
    return verdict(f"rendering takes {median:.2f} times as long, at most {CEILING}", kept=median <= CEILING) and equal


if __name__ == "__main__":
    sys.exit(not main())
