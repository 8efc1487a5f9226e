"""The statistics of a plain Locust run, turned into a run folder of low resolution."""

import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from perf_core.adapters.imported import BAD_ROWS, SHOWN, Imported, Tally, close, facts
from perf_core.adapters.plain_locust import PlainEndpoint, PlainRun
from perf_core.adapters.result_format import MAX_KEYS, NO_NAME
from perf_core.model.frame import Frame, FrameError, FrameKey, FrameRow
from perf_core.model.histogram import bucket_indexes
from perf_core.runstore import RunStore
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.frame_log import write_log

WORKER = "import"
_NONE = np.zeros(0, dtype=np.int64)
_TEXTS = 100
_TEXT_LENGTH = 300


def import_statistics(plain: PlainRun, path: Path, store: RunStore, scenario: str) -> Imported:
    """Make a run of statistics; what they leave out is told in its facts.

    Raises:
        ResultsError: no request is in them.
    """
    folder, tally = store.reserve(), _tally(plain)
    try:
        (folder.path / BAD_ROWS).write_text("".join(f"{bad}\n" for bad in plain.bad), encoding="utf-8")
        write_log(folder.frames_log, map(encode_frame, _frames(plain)))
        info = replace(
            facts(folder, tally, scenario, {"imported_from": path.name, "format": plain.format}),
            users=max((users for _, users in plain.users), default=0),
            low_resolution=f"its file holds {plain.limits}",
        )
        close(folder, info, tally, path)
    except BaseException:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return Imported(info, plain.format, tally)


def _tally(plain: PlainRun) -> Tally:
    return Tally(
        rows=plain.rows,
        requests=sum(each.requests for each in plain.endpoints),
        failures=sum(each.failures for each in plain.endpoints),
        folded=sum(each.requests for each in plain.endpoints[MAX_KEYS:]),
        bad_rows=len(plain.bad),
        bad=list(plain.bad[:SHOWN]),
        first=plain.started,
        last=plain.ended,
    )


def _frames(plain: PlainRun) -> Iterator[Frame]:
    seq = 0
    for at, endpoint in enumerate(plain.endpoints):
        seq += 1
        method, name = (endpoint.method, endpoint.name or NO_NAME) if at < MAX_KEYS else ("", "other")
        rows = tuple(_rows(endpoint, method, name, math.ceil(plain.started)))
        yield Frame(WORKER, seq, plain.ended, rows, _errors(endpoint, FrameKey(method, name, "failed")))
    for moment, users in plain.users:
        seq += 1
        yield Frame(WORKER, seq, moment, (), gauges={"users": float(users)})


def _rows(endpoint: PlainEndpoint, method: str, name: str, first: int) -> Iterator[FrameRow]:
    """Yield the counts per second; all latencies are in the first one, because nobody knows where they belong."""
    counts = _shared({first: 0, **(endpoint.per_second or {first: 1})}, endpoint.requests)
    answered = _shared(counts, endpoint.requests - endpoint.failures)
    for second, count in counts.items():
        ok, failed = answered[second], count - answered[second]
        if second == first and endpoint.failures < endpoint.requests:
            yield _with_latencies(endpoint, FrameKey(method, name, ""), first, ok)
        elif ok:
            yield _counted(FrameKey(method, name, ""), second, ok)
        if failed:
            yield _counted(FrameKey(method, name, "failed"), second, failed)


def _shared(counts: dict[int, int], part: int) -> dict[int, int]:
    """Return `part` requests over the same seconds, in proportion; their sum is exact."""
    total, done, before = sum(counts.values()), 0, 0
    shares = {}
    for second, count in sorted(counts.items()):
        done += count
        shares[second] = part * done // total - before
        before += shares[second]
    return shares


def _with_latencies(endpoint: PlainEndpoint, key: FrameKey, second: int, count: int) -> FrameRow:
    buckets = bucket_indexes(np.array([latency for latency, _ in endpoint.steps]))
    used, where = np.unique(buckets, return_inverse=True)
    counts = np.bincount(where, weights=[each for _, each in endpoint.steps], minlength=len(used)).astype(np.int64)
    low, high = (endpoint.minimum, endpoint.maximum) if len(used) else (math.nan, math.nan)
    return FrameRow(key, second, count, endpoint.total_time, low, high, endpoint.bytes, used, counts)


def _counted(key: FrameKey, second: int, count: int) -> FrameRow:
    return FrameRow(key, second, count, 0.0, math.nan, math.nan, 0, _NONE, _NONE)


def _errors(endpoint: PlainEndpoint, key: FrameKey) -> tuple[FrameError, ...]:
    most = sorted(endpoint.errors.items(), key=lambda each: -each[1])[:_TEXTS]
    return tuple(FrameError(key, text[:_TEXT_LENGTH], count) for text, count in most)
