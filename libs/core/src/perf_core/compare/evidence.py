"""What both runs measured, side by side and window by window: the input of every test of a comparison."""

from dataclasses import dataclass

import numpy as np

from perf_core.compare.comparison import EndpointFigures
from perf_core.model.endpoint import EndpointKey
from perf_core.model.series import Recording
from perf_core.stats.windows import EndpointWindows, Grid, endpoint_windows, second_range, window_width


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One endpoint on both sides; None where it was not called."""

    key: EndpointKey
    baseline: EndpointWindows | None
    current: EndpointWindows | None


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All endpoints, the windows they were cut into and what was cut off. The baseline's grid is None without one."""

    pairs: tuple[Pair, ...]
    baseline_grid: Grid | None
    current_grid: Grid
    trimmed: float


def gather(current: Recording, baseline: Recording | None) -> Evidence:
    """Return the compared part of the runs: the longer ramp-up cut from both, the last partial window dropped."""
    runs = [current] if baseline is None else [current, baseline]
    trimmed = int(np.ceil(max(run.info.ramp_up for run in runs)))
    ranges = [second_range(run) for run in runs]
    shortest = min(end - start for start, end in ranges)
    trimmed = trimmed if shortest > trimmed else 0
    width = window_width(max(end - start - trimmed for start, end in ranges))
    grids = [Grid(start + trimmed, width, (end - start - trimmed) // width) for start, end in ranges]
    keys = sorted({key for run in runs for key in run.endpoints})
    pairs = tuple(
        Pair(key, _windows(baseline, grids[1], key) if baseline else None, _windows(current, grids[0], key))
        for key in keys
    )
    return Evidence(pairs, grids[1] if baseline else None, grids[0], float(trimmed))


def figures(windows: EndpointWindows | None, grid: Grid | None) -> EndpointFigures | None:
    """Return the figures of one side, None where the endpoint is missing."""
    if windows is None or grid is None:
        return None
    histogram, requests = windows.histogram, int(windows.requests.sum())
    nan = float("nan")
    p50, p95, p99 = (histogram.quantile(q) if histogram.total else nan for q in (0.5, 0.95, 0.99))
    seconds = grid.width * grid.count
    return EndpointFigures(
        requests,
        int(windows.failures.sum()),
        requests / seconds if seconds else 0.0,
        histogram.mean,
        p50,
        p95,
        p99,
        histogram.maximum,
    )


def _windows(run: Recording, grid: Grid, key: EndpointKey) -> EndpointWindows | None:
    series = run.endpoints.get(key)
    if series is None or grid.count < 1:
        return None
    windows = endpoint_windows([series], [grid])
    return windows if windows.requests.sum() else None
