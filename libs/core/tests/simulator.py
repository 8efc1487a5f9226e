"""Simulated runs with the kinds of noise that real services show: what verdicts are proven against.

A run is a Poisson stream of requests on many endpoints (Zipf traffic) with latencies of a lognormal mixture. What
makes requests depend on each other is added on top: a wandering level, pauses that hold arrivals back, bursts,
warm-up, drift, and a level that differs from run to run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.signal import lfilter

from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import BUCKETS, FloatArray, IntArray, bucket_indexes
from perf_core.model.run import RunInfo
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording
from perf_core.model.verdict import RunState

START = 1_790_000_000
STEP = 0.1
"""Seconds between two values of the wandering level."""
MIXTURE = ((0.90, 0.050, 0.30), (0.09, 0.120, 0.35), (0.01, 0.600, 0.40))
"""Share, median in seconds and sigma of the logarithm of each part."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What disturbs a run; the default is nothing.

    Attributes:
        level_sd: standard deviation of the wandering logarithm of the level (Ornstein-Uhlenbeck).
        level_tau: its correlation time in seconds.
        independent: every endpoint wanders for itself.
        pause_every: mean seconds between pauses of `pause` seconds, give or take a third; 0 = none. What arrives in
            a pause waits for its end.
        pause: seconds.
        burst_every: mean seconds between bursts of one second; 0 = none.
        burst_factor: how much slower a burst is.
        warm_up: how much slower the first request is, e.g. 2; decays within `warm_up_tau` seconds.
        warm_up_tau: seconds.
        run_sd: run-to-run standard deviation of the logarithm of the level, shared by all endpoints.
        endpoint_sd: the same for each endpoint alone.
        drift: change of the logarithm of the level over the run.
    """

    level_sd: float = 0.0
    level_tau: float = 5.0
    independent: bool = False
    pause_every: float = 0.0
    pause: float = 0.3
    burst_every: float = 0.0
    burst_factor: float = 1.5
    warm_up: float = 1.0
    warm_up_tau: float = 5.0
    run_sd: float = 0.0
    endpoint_sd: float = 0.0
    drift: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """How long and how much: `seconds`, expected `requests` in all, `endpoints` with Zipf shares of them.

    `scales` multiplies the latencies of each endpoint; 1 when it has no entry. `ramp_up` is declared, not simulated.
    Endpoint n has n ** -`zipf` as many requests as the first; 0 = all as many.
    """

    seconds: int = 300
    requests: int = 200_000
    endpoints: int = 20
    ramp_up: float = 15.0
    scales: Mapping[int, float] = field(default_factory=dict)
    zipf: float = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """What a new build does: `factors` per endpoint, `tail` seconds for `tail_share` of its requests, failures."""

    factors: Mapping[int, float] = field(default_factory=dict)
    everywhere: float = 1.0
    tail_endpoint: int = -1
    tail_share: float = 0.0
    tail: float = 0.0
    failing: Mapping[int, float] = field(default_factory=dict)


def simulate(
    rng: np.random.Generator,
    noise: Noise,
    load: Load | None = None,
    change: Change | None = None,
    run_id: str = "run",
) -> Recording:
    """Return one run of `load` under `noise` of a build with `change`."""
    load, change = load or Load(), change or Change()
    shares = 1 / np.arange(1, load.endpoints + 1) ** load.zipf
    endpoints = rng.choice(load.endpoints, size=rng.poisson(load.requests), p=shares / shares.sum())
    times = rng.uniform(0, load.seconds, len(endpoints))
    latencies = _mixture(rng, len(endpoints)) * np.exp(
        _levels(rng, noise, load)[endpoints, (times / STEP).astype(int)]
    )
    factors = np.array([change.factors.get(at, 1.0) * load.scales.get(at, 1.0) for at in range(load.endpoints)])
    latencies *= factors[endpoints] * change.everywhere
    latencies += _waits(rng, noise, load, times)
    hit = (endpoints == change.tail_endpoint) & (rng.uniform(size=len(endpoints)) < change.tail_share)
    latencies[hit] += change.tail
    chances = np.array([change.failing.get(at, 0.0) for at in range(load.endpoints)])
    failed = rng.uniform(size=len(endpoints)) < chances[endpoints] if change.failing else None
    info = RunInfo(
        run_id,
        "simulated",
        "http://simulated",
        RunState.FINISHED,
        started=float(START),
        ended=float(START + load.seconds),
        ramp_up=load.ramp_up,
    )
    return recording(info, endpoints, times, latencies, failed)


def recording(
    info: RunInfo, endpoints: IntArray, times: FloatArray, latencies: FloatArray, failed: IntArray | None = None
) -> Recording:
    """Return requests (endpoint number, seconds since START, latency in seconds) as a recorded run."""
    names = [EndpointKey("GET", f"/e{at:03d}") for at in range(int(endpoints.max(initial=-1)) + 1)]
    good = outcomes(endpoints, times, latencies, len(names), None if failed is None else ~failed)
    bad = outcomes(endpoints, times, latencies, len(names), failed) if failed is not None else {}
    empty = OutcomeSeries.empty()
    series = {
        key: EndpointSeries(key, good.get(at, empty), bad.get(at, empty))
        for at, key in enumerate(names)
        if at in good or at in bad
    }
    return Recording(info, series)


def outcomes(
    endpoints: IntArray, times: FloatArray, latencies: FloatArray, count: int, chosen: IntArray | None = None
) -> dict[int, OutcomeSeries]:
    """Return the series of each endpoint that has chosen requests."""
    if chosen is not None:
        endpoints, times, latencies = endpoints[chosen], times[chosen], latencies[chosen]
    if not len(times):
        return {}
    span = int(times.max()) + 1
    places = endpoints.astype(np.int64) * span + times.astype(np.int64)
    cells, cell_counts = np.unique(places * BUCKETS + bucket_indexes(latencies), return_counts=True)
    counts = np.bincount(places, minlength=count * span)
    sums = np.bincount(places, weights=latencies, minlength=count * span)
    minima, maxima = np.full(count * span, np.inf), np.zeros(count * span)
    np.minimum.at(minima, places, latencies)
    np.maximum.at(maxima, places, latencies)
    rows = np.flatnonzero(counts)
    row_ends = np.searchsorted(rows, np.arange(count + 1) * span)
    cell_ends = np.searchsorted(cells, np.arange(count + 1) * span * BUCKETS)
    made = {}
    for at in range(count):
        row, cell = rows[row_ends[at] : row_ends[at + 1]], slice(cell_ends[at], cell_ends[at + 1])
        if len(row):
            inside = cells[cell]
            made[at] = OutcomeSeries(
                row - at * span + START, counts[row], sums[row], minima[row], maxima[row], counts[row] * 100,
                inside // BUCKETS - at * span + START, inside % BUCKETS, cell_counts[cell],
            )  # fmt: skip
    return made


def _mixture(rng: np.random.Generator, count: int) -> FloatArray:
    part = np.searchsorted(np.cumsum([share for share, _, _ in MIXTURE[:-1]]), rng.uniform(size=count))
    medians, sigmas = (np.array([each[at] for each in MIXTURE]) for at in (1, 2))
    drawn: FloatArray = medians[part] * np.exp(sigmas[part] * rng.standard_normal(count))
    return drawn


def _levels(rng: np.random.Generator, noise: Noise, load: Load) -> FloatArray:
    """Return the logarithm of the level, one row per endpoint, one column per STEP."""
    steps = int(load.seconds / STEP) + 1
    moments = np.arange(steps) * STEP
    rows = load.endpoints if noise.independent else 1
    keep = np.exp(-STEP / noise.level_tau)
    shocks = rng.standard_normal((rows, steps)) * noise.level_sd * np.sqrt(1 - keep**2)
    shocks[:, 0] = rng.standard_normal(rows) * noise.level_sd
    level = lfilter([1.0], [1.0, -keep], shocks, axis=1)
    level = level + rng.normal(0, noise.run_sd) + noise.drift * (moments / load.seconds - 0.5)
    level += np.log1p((noise.warm_up - 1) * np.exp(-moments / noise.warm_up_tau))
    for begin in _moments(rng, noise.burst_every, load.seconds):
        level[:, (moments >= begin) & (moments < begin + 1)] += np.log(noise.burst_factor)
    own: FloatArray = rng.normal(0, noise.endpoint_sd, (load.endpoints, 1)) + level
    return own


def _waits(rng: np.random.Generator, noise: Noise, load: Load, times: FloatArray) -> FloatArray:
    """Return what each request waits because it arrived in a pause."""
    waits = np.zeros(len(times))
    for begin in _moments(rng, noise.pause_every, load.seconds):
        end = begin + noise.pause * rng.uniform(2 / 3, 4 / 3)
        held = (times >= begin) & (times < end)
        waits[held] = np.maximum(waits[held], end - times[held])
    return waits


def _moments(rng: np.random.Generator, every: float, seconds: float) -> FloatArray:
    if not every:
        return np.zeros(0)
    return rng.uniform(0, seconds, rng.poisson(seconds / every))


REGIME = Noise(level_sd=0.05, pause_every=20.0, burst_every=15.0, warm_up=2.0)
"""Wandering, pauses, bursts and a warm-up of some seconds."""
