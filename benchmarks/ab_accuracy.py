"""False alarms and power of the interleaved test, on a simulated machine that drifts.

Both sides run for 300 s in blocks of 10 s, in random order, on one machine whose speed drifts by +-10 % over the test
and wanders besides (`regime`: Ornstein-Uhlenbeck level of 5 %, bursts of a second); each side has garbage collection
pauses of its own. 20 endpoints with Zipf traffic; one of about 11 000 requests may be slower. Each unchanged side may
also have a level of its own per endpoint, as a new process of the same version has.

To reach: power for +5 % at least .90, false alarms at most 5 %.
Run: .venv/bin/python benchmarks/ab_accuracy.py [RUNS]
"""

import math
import sys
from dataclasses import dataclass

import numpy as np

from perf_core.compare import compare_runs
from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import BUCKETS, FloatArray, IntArray, bucket_indexes
from perf_core.model.run import Block, RunInfo
from perf_core.model.schedule import alternate
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording
from perf_core.model.verdict import Verdict

ENDPOINTS = 20
SLOWER = 4
LARGEST = 56_000
"""Requests of the largest endpoint in 300 s; number n has 1/n of them."""
BLOCK = 10
PAIRS = 30
STEP = 0.1
TARGET = EndpointKey("GET", f"/endpoint/{SLOWER}")


@dataclass(frozen=True)
class Scenario:
    """`slow` and `own` are ratios - 1; `drift` is reached at both ends of the test, with opposite signs."""

    name: str
    slow: float = 0.0
    drift: float = 0.10
    own: float = 0.0
    regime: bool = True


SCENARIOS = (
    Scenario("unchanged"),
    Scenario("unchanged, no drift", drift=0.0),
    Scenario("unchanged, i.i.d.", drift=0.0, regime=False),
    Scenario("unchanged, processes differ by 0.3 %", own=0.003),
    Scenario("unchanged, processes differ by 1 %", own=0.01),
    Scenario("+5 % at one endpoint", slow=0.05),
    Scenario("+5 %, processes differ by 0.3 %", slow=0.05, own=0.003),
    Scenario("+10 % at one endpoint", slow=0.10),
)


def machine(random: np.random.Generator, scenario: Scenario, seconds: int) -> FloatArray:
    """Return the level of the machine every 0.1 s, 1 on average."""
    steps = int(seconds / STEP)
    level = np.linspace(-scenario.drift, scenario.drift, steps) * random.choice([-1, 1])
    if scenario.regime:
        fade = math.exp(-STEP / 5.0)
        noise = random.normal(0, 0.05 * math.sqrt(1 - fade**2), steps)
        state = random.normal(0, 0.05)
        for at in range(steps):
            state = fade * state + noise[at]
            level[at] += state
        for burst in np.flatnonzero(random.random(steps) < STEP / 15):
            level[burst : burst + int(1 / STEP)] += math.log(1.5)
    return np.exp(level)


def base_latencies(random: np.random.Generator, count: int) -> FloatArray:
    kind = random.random(count)
    median = np.select([kind < 0.90, kind < 0.99], [0.050, 0.120], 0.600)
    spread = np.select([kind < 0.90, kind < 0.99], [0.30, 0.35], 0.40)
    return np.asarray(median * np.exp(spread * random.normal(size=count)))


def side(
    random: np.random.Generator, level: FloatArray, blocks: tuple[Block, ...], scenario: Scenario, slow: float
) -> dict[EndpointKey, EndpointSeries]:
    pauses = (
        np.cumsum(random.exponential(20.0, int(len(level) * STEP / 20) * 3 + 20)) if scenario.regime else np.zeros(0)
    )
    lengths = random.exponential(0.3, len(pauses))
    starts = np.array([block.start for block in blocks])
    endpoints = {}
    for number in range(ENDPOINTS):
        count = random.poisson(LARGEST / (number + 1))
        times = starts[random.integers(0, len(blocks), count)] + random.uniform(0, BLOCK, count)
        latencies = base_latencies(random, count) * level[np.minimum((times / STEP).astype(int), len(level) - 1)]
        latencies *= math.exp(random.normal(0, scenario.own)) * (1 + slow * (number == SLOWER))
        if len(pauses):
            near = np.maximum(np.searchsorted(pauses, times) - 1, 0)
            latencies += np.clip(pauses[near] + lengths[near] - times, 0, None) * (times >= pauses[near])
        key = EndpointKey("GET", f"/endpoint/{number}")
        endpoints[key] = EndpointSeries(key, outcome(times.astype(np.int64), latencies), OutcomeSeries.empty())
    return endpoints


def outcome(seconds: IntArray, latencies: FloatArray) -> OutcomeSeries:
    rows, where = np.unique(seconds, return_inverse=True)
    cells, counts = np.unique(seconds * BUCKETS + bucket_indexes(latencies), return_counts=True)
    minima, maxima = np.full(len(rows), np.inf), np.zeros(len(rows))
    np.minimum.at(minima, where, latencies)
    np.maximum.at(maxima, where, latencies)
    sums = np.bincount(where, weights=latencies)
    number = np.bincount(where)
    return OutcomeSeries(
        rows, number, sums, minima, maxima, np.zeros_like(rows), cells // BUCKETS, cells % BUCKETS, counts
    )


def one_test(scenario: Scenario, seed: int) -> tuple[Recording, Recording]:
    random = np.random.default_rng([seed, 17])
    baseline, current = alternate(0, BLOCK, PAIRS, seed)
    level = machine(random, scenario, 2 * BLOCK * PAIRS)
    end = float(2 * BLOCK * PAIRS)
    old = RunInfo("a", "s", "", started=0.0, ended=end, blocks=baseline, partner="b")
    new = RunInfo("b", "s", "", started=0.0, ended=end, blocks=current, partner="a")
    return (
        Recording(old, side(random, level, baseline, scenario, 0.0)),
        Recording(new, side(random, level, current, scenario, scenario.slow)),
    )


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{runs} tests a scenario, 2 x {BLOCK * PAIRS} s in blocks of {BLOCK} s")
    print(f"{'scenario':<40} {'REGRESSED':>9} {'target':>7} {'others':>7} {'UNCHANGED':>9}")
    for scenario in SCENARIOS:
        regressed = target = others = unchanged = 0
        for seed in range(runs):
            baseline, current = one_test(scenario, seed)
            result = compare_runs(current, baseline)
            flagged = {each.key for each in result.endpoints if each.verdict is Verdict.REGRESSED}
            regressed += result.verdict is Verdict.REGRESSED
            target += TARGET in flagged
            others += bool(flagged - {TARGET})
            unchanged += result.verdict is Verdict.UNCHANGED
        shares = (f"{count / runs:.3f}" for count in (regressed, target, others, unchanged))
        print(f"{scenario.name:<40} {' '.join(f'{share:>9}' for share in shares)}", flush=True)


if __name__ == "__main__":
    main()
