"""From frames to a recording: the series of every endpoint, whatever order the frames come in."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from perf_core.model.endpoint import EndpointKey
from perf_core.model.frame import Frame, FrameRow
from perf_core.model.histogram import BUCKETS, FloatArray, IntArray
from perf_core.model.notable import NotableRequest, first_failed, slowest
from perf_core.model.run import RunInfo
from perf_core.model.series import EndpointSeries, ErrorCount, GaugeSeries, OutcomeSeries, Recording
from perf_core.runstore.frame_numbers import FrameNumbers


@dataclass(slots=True)
class _Gathered:
    ok: list[FrameRow] = field(default_factory=list)
    failed: list[FrameRow] = field(default_factory=list)
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    notables: list[NotableRequest] = field(default_factory=list)


def build_recording(info: RunInfo, frames: Iterable[Frame]) -> Recording:
    """Return the recording of all frames; a frame that is there twice counts once."""
    gathered: defaultdict[EndpointKey, _Gathered] = defaultdict(_Gathered)
    gauges: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    seen: defaultdict[str, FrameNumbers] = defaultdict(FrameNumbers)
    intended: dict[EndpointKey, list[FrameRow]] = {}
    rejected = folded = dropped = 0
    for frame in frames:
        if frame.seq in seen[frame.worker]:
            continue
        seen[frame.worker].add(frame.seq)
        rejected, folded, dropped = rejected + frame.rejected, folded + frame.folded, dropped + frame.dropped
        _gather(frame, gathered)
        for row in frame.intended:
            intended.setdefault(EndpointKey(row.key.method, row.key.name), []).append(row)
        for name, value in frame.gauges.items():
            gauges[name, frame.worker].append((frame.cut_at, value))
    endpoints = {key: _endpoint(key, rows) for key, rows in sorted(gathered.items())}
    series = tuple(_gauge(*key, points) for key, points in sorted(gauges.items()))
    missing = sum(numbers.missing(numbers.last) for numbers in seen.values())
    waited = {key: outcome_series(rows).histogram() for key, rows in intended.items()}
    return Recording(info, endpoints, series, missing, rejected, folded, dropped, waited)


def _gather(frame: Frame, gathered: defaultdict[EndpointKey, _Gathered]) -> None:
    for row in frame.rows:
        endpoint = gathered[EndpointKey(row.key.method, row.key.name)]
        (endpoint.failed if row.key.error_class else endpoint.ok).append(row)
    for error in frame.errors:
        endpoint = gathered[EndpointKey(error.key.method, error.key.name)]
        endpoint.errors[error.key.error_class, error.text] += error.count
    for request in frame.notables:
        gathered[request.key].notables.append(request)


def _endpoint(key: EndpointKey, rows: _Gathered) -> EndpointSeries:
    texts = Counter(dict(rows.errors))
    told = Counter[str]()
    for (error_class, _), count in texts.items():
        told[error_class] += count
    counted = Counter[str]()
    for row in rows.failed:
        counted[row.key.error_class] += row.count
    for error_class, count in (counted - told).items():
        texts[error_class, ""] += count  # a worker that was killed left its counts, not its texts
    errors = tuple(ErrorCount(error_class, text, count) for (error_class, text), count in texts.most_common())
    notables = (*slowest(rows.notables), *first_failed(rows.notables))
    return EndpointSeries(key, outcome_series(rows.ok), outcome_series(rows.failed), errors, notables)


def outcome_series(rows: list[FrameRow]) -> OutcomeSeries:
    """Return the sum of rows of one outcome, whatever order they come in."""
    if not rows:
        return OutcomeSeries.empty()
    row_seconds = _ints([row.second for row in rows])
    seconds, where = np.unique(row_seconds, return_inverse=True)
    cell_codes = np.concatenate([row.second * BUCKETS + row.buckets for row in rows])
    codes, cell_where = np.unique(cell_codes, return_inverse=True)
    return OutcomeSeries(
        seconds=seconds,
        counts=_added(where, _ints([row.count for row in rows]), len(seconds)),
        sums=_summed(where, [row.total_time for row in rows], len(seconds)),
        minima=_reduced(np.fmin, where, [row.minimum for row in rows], len(seconds)),
        maxima=_reduced(np.fmax, where, [row.maximum for row in rows], len(seconds)),
        bytes=_added(where, _ints([row.bytes for row in rows]), len(seconds)),
        cell_seconds=codes // BUCKETS,
        cell_buckets=codes % BUCKETS,
        cell_counts=_added(cell_where, np.concatenate([row.counts for row in rows]), len(codes)),
    )


def _ints(values: list[int]) -> IntArray:
    return np.array(values, dtype=np.int64)


def _added(where: IntArray, values: IntArray, size: int) -> IntArray:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, where, values)
    return total


def _summed(where: IntArray, values: list[float], size: int) -> FloatArray:
    total = np.zeros(size, dtype=np.float64)
    np.add.at(total, where, np.array(values))
    return total


def _reduced(smaller: np.ufunc, where: IntArray, values: list[float], size: int) -> FloatArray:
    reduced = np.full(size, np.nan)
    smaller.at(reduced, where, np.array(values))
    return reduced


def _gauge(name: str, source: str, points: list[tuple[float, float]]) -> GaugeSeries:
    table = np.array(sorted(points), dtype=np.float64)
    return GaugeSeries(name, source, table[:, 0], table[:, 1])
