"""What a judgement costs: by endpoints, and that the number of requests does not matter.

Every comparison is timed against the same one with 10^4 requests per endpoint, side by side in one process; more
requests are histogram counts scaled up, because nobody can send 10^9.

To reach: 20 endpoints x 64 windows < 0.5 s, 500 endpoints < 10 s, 10^5 to 10^9 requests in the time of 10^4 (within
1.2x).
Run: .venv/bin/python benchmarks/verdict_cost.py
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "libs/core/tests"))

from simulator import REGIME, Load, simulate

from perf_core.compare import compare_runs
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording

WINDOWS = 64
FACTORS = (10, 100, 1_000, 100_000)
ROUNDS = 7


def pair(endpoints: int, requests: int, seconds: int = WINDOWS) -> tuple[Recording, Recording]:
    rng = np.random.default_rng(endpoints + requests)
    load = Load(seconds=seconds, requests=requests * endpoints, endpoints=endpoints, ramp_up=0.0, zipf=0.0)
    return simulate(rng, REGIME, load, run_id="b"), simulate(rng, REGIME, load, run_id="c")


def times_more(recording: Recording, factor: int) -> Recording:
    """Return the recording with every count multiplied: the same buckets, more requests in them."""
    return replace(
        recording,
        endpoints={
            key: EndpointSeries(key, _more(each.ok, factor), _more(each.failed, factor))
            for key, each in recording.endpoints.items()
        },
    )


def _more(series: OutcomeSeries, factor: int) -> OutcomeSeries:
    return replace(
        series,
        counts=series.counts * factor,
        sums=series.sums * factor,
        bytes=series.bytes * factor,
        cell_counts=series.cell_counts * factor,
    )


def fastest(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> int:
    compare_runs(*pair(4, 500))  # imports
    twenty = pair(20, 10_000)
    small = fastest(lambda: compare_runs(*twenty))
    rows = [(f"20 endpoints x {WINDOWS} windows, 10^4 requests each", small, 0.5)]
    for factor in FACTORS:
        more = [times_more(each, factor) for each in twenty]
        requests = sum(each.requests for each in more[0].endpoints.values()) / len(more[0].endpoints)
        took = fastest(lambda sides=more: compare_runs(*sides))  # type: ignore[misc]
        rows.append((f"20 endpoints x {WINDOWS} windows, {requests:.0e} requests each", took, 1.2 * small))
    many = pair(500, 2_000)
    wide = fastest(lambda: compare_runs(*many), 2)
    rows.append(("500 endpoints, 2 000 requests each", wide, 10.0))
    for name, seconds, limit in rows:
        print(f"{name:52s} {seconds:7.3f} s of CPU (limit {limit:.2f})  {'ok' if seconds <= limit else 'MISSED'}")
    return int(any(seconds > limit for _, seconds, limit in rows))


if __name__ == "__main__":
    sys.exit(main())
