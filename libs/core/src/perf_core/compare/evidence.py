"""What both sides measured, side by side and window by window: the input of every test of a comparison."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from perf_core.compare.comparison import EndpointFigures
from perf_core.compare.stretches import Course, Stretch, course, stretches
from perf_core.model.endpoint import EndpointKey
from perf_core.model.series import Recording
from perf_core.stats.warm_up import SEARCHED, Trend
from perf_core.stats.windows import EndpointWindows, Grid, endpoint_windows, second_range, window_width

Windows = EndpointWindows | None


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One endpoint on both sides: all runs of a side together, and each alone; None where it was not called."""

    key: EndpointKey
    baseline: Windows
    current: Windows
    baseline_runs: tuple[Windows, ...] = ()
    current_runs: tuple[Windows, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One stage of a shape, or the whole run: endpoints that both sides called in it; lengths in seconds."""

    name: str
    pairs: tuple[Pair, ...]
    seconds: float
    """Of the shortest run."""
    width: int
    baseline_lengths: tuple[int, ...]
    """Windows in each run."""
    current_lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All endpoints over the whole compared part, the same stage by stage, and what was cut off."""

    pairs: tuple[Pair, ...]
    stages: tuple[Stage, ...]
    trimmed: float
    baseline_seconds: float
    current_seconds: float
    left_out: tuple[str, ...] = ()
    """Stages that only one side has."""
    trends: tuple[Trend, ...] = ()
    """How each run's median moved over its compared part: those of the current side, then the baseline's."""
    nothing_left: str = ""
    """Why no part of the runs can be compared; empty when some can."""

    @property
    def width(self) -> float:
        """Seconds of a window; of the first stage when they differ."""
        return float(self.stages[0].width) if self.stages else 0.0


def gather(
    current: Sequence[Recording], baseline: Sequence[Recording], declared_warm_up: float | None = None
) -> Evidence:
    """Return the compared part: the longest warm-up cut from all runs, stages apart, last partial windows dropped.

    Where nothing is left the whole runs are returned, in no stage: there are figures, and nothing to test.
    """
    runs = [*current, *baseline]
    courses = [course(run) for run in runs]
    shortest = min(end - start for start, end in map(second_range, runs))
    cut = _cut(courses, declared_warm_up, shortest)
    trimmed = cut if cut < shortest else 0
    parts = [stretches(run, trimmed) for run in runs]
    names = list(dict.fromkeys(each.stage for part in parts for each in part))
    shared = [name for name in names if all(any(each.stage == name for each in part) for part in parts)]
    parts = [[each for each in part if each.stage in shared or not shared] for part in parts]
    width = window_width(max(1, *(_seconds(each) for each in parts)))
    grids = [_grids(part, width) for part in parts]
    pairs = _pairs(current, baseline, grids)
    if not pairs and declared_warm_up != 0 and any(run.requests for run in runs):
        return replace(gather(current, baseline, 0.0), stages=(), nothing_left=_only_warm_up(trimmed, width))
    nothing_left = _nothing_left(cut, shortest, shared)
    if nothing_left:
        stages = []
    elif len(shared) == 1:
        stages = [_stage(shared[0], pairs, width, grids, len(current))]
    else:
        stages = [_own_stage(name, current, baseline, [_of(part, name) for part in parts]) for name in shared]
    count = len(current)
    return Evidence(
        tuple(pairs),
        tuple(stages),
        float(trimmed),
        float(sum(_covered(each) for each in grids[count:])),
        float(sum(_covered(each) for each in grids[:count])),
        tuple(name or "the load it began with" for name in names if name not in shared),
        tuple(each.trend(trimmed) for each in courses),
        nothing_left,
    )


def _cut(courses: Sequence[Course], declared: float | None, shortest: int) -> int:
    """Return the seconds to cut from all runs; a warm-up that was found takes at most a quarter of the shortest."""
    cut = max(each.warm_up(declared) for each in courses)
    if declared is not None:
        return cut
    ramp_up = max(each.ramp_up for each in courses)
    return max(ramp_up, min(cut, ramp_up + int(SEARCHED * (shortest - ramp_up))))


def _nothing_left(cut: int, shortest: int, shared: Sequence[str]) -> str:
    if not shortest:
        return "A run has no whole second that could be compared; run longer"
    if cut >= shortest:
        return (
            f"Ramp-up and warm-up ({cut} s) leave nothing of a run of {shortest} s to compare; run longer than "
            f"{cut} s, or start the users faster"
        )
    if not shared:
        return "No stage of the load is in every run, so nothing can be compared; repeat it with the same stages"
    return ""


def _only_warm_up(trimmed: int, width: int) -> str:
    return (
        f"No request is between the warm-up ({trimmed} s) and the last whole window of {width} s; where there are "
        "long pauses, make a run of each part"
    )


def figures(windows: Windows, seconds: float) -> EndpointFigures | None:
    """Return the figures of one side over `seconds`, None where the endpoint is missing."""
    if windows is None:
        return None
    histogram, requests = windows.histogram, int(windows.requests.sum())
    nan = float("nan")
    p50, p95, p99 = (histogram.quantile(q) if histogram.total else nan for q in (0.5, 0.95, 0.99))
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


def _own_stage(
    name: str, current: Sequence[Recording], baseline: Sequence[Recording], parts: Sequence[list[Stretch]]
) -> Stage:
    width = window_width(max(_seconds(part) for part in parts))
    grids = [_grids(part, width) for part in parts]
    return _stage(name, _pairs(current, baseline, grids), width, grids, len(current))


def _stage(name: str, pairs: Sequence[Pair], width: int, grids: Sequence[list[Grid]], count: int) -> Stage:
    """Return a stage; the first `count` grids are those of the current runs."""
    lengths = [sum(grid.count for grid in each) for each in grids]
    both = tuple(pair for pair in pairs if pair.baseline and pair.current)
    shortest = float(min(_covered(each) for each in grids))
    return Stage(name, both, shortest, width, tuple(lengths[count:]), tuple(lengths[:count]))


def _pairs(current: Sequence[Recording], baseline: Sequence[Recording], grids: Sequence[list[Grid]]) -> list[Pair]:
    keys = sorted({key for run in (*current, *baseline) for key in run.endpoints})
    count = len(current)
    made = []
    for key in keys:
        new = tuple(_windows([run], [own], key) for run, own in zip(current, grids, strict=False))
        old = tuple(_windows([run], [own], key) for run, own in zip(baseline, grids[count:], strict=True))
        before, after = _together(old, baseline, grids[count:], key), _together(new, current, grids[:count], key)
        if before or after:
            made.append(Pair(key, before, after, old, new))
    return made


def _together(
    alone: tuple[Windows, ...], runs: Sequence[Recording], grids: Sequence[list[Grid]], key: EndpointKey
) -> Windows:
    return alone[0] if len(alone) == 1 else _windows(runs, grids, key)


def _windows(runs: Sequence[Recording], grids: Sequence[list[Grid]], key: EndpointKey) -> Windows:
    stretched = [(run.endpoints.get(key), grid) for run, own in zip(runs, grids, strict=True) for grid in own]
    if not any(series for series, _ in stretched):  # no stretch at all included
        return None
    windows = endpoint_windows([series for series, _ in stretched], [grid for _, grid in stretched])
    return windows if windows.requests.sum() else None


def _grids(part: Sequence[Stretch], width: int) -> list[Grid]:
    grids = [Grid(each.first, width, (each.end - each.first) // width) for each in part]
    return [grid for grid in grids if grid.count]


def _of(part: Sequence[Stretch], stage: str) -> list[Stretch]:
    return [each for each in part if each.stage == stage]


def _seconds(part: Sequence[Stretch]) -> int:
    return sum(each.end - each.first for each in part)


def _covered(grids: Sequence[Grid]) -> int:
    return sum(grid.width * grid.count for grid in grids)
