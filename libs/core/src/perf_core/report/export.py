"""A run as a table for a notebook: one row per endpoint, outcome and second, latencies in seconds."""

import csv
import importlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from perf_core.errors import PerfError, RunStoreError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import Histogram
from perf_core.model.series import OutcomeSeries, Recording

COLUMNS = (
    "run_id",
    "method",
    "name",
    "outcome",
    "second",
    "requests",
    "bytes",
    "latency_sum",
    "latency_min",
    "latency_p50",
    "latency_p95",
    "latency_p99",
    "latency_max",
)
"""`outcome` is answered or failed, `second` the Unix second in which the requests started."""
Row = tuple[str | int | float | None, ...]


def write_table(recording: Recording, path: Path) -> int:
    """Write the table as CSV, or as Parquet when the name ends in .parquet; return the number of rows.

    Raises:
        RunStoreError: the file cannot be written.
        PerfError: Parquet was asked for and pyarrow is not installed.
    """
    rows = list(_rows(recording))
    try:
        if path.suffix == ".parquet":
            _write_parquet(rows, path)
        else:
            with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
                csv.writer(file).writerows([COLUMNS, *rows])
    except OSError as cause:
        raise RunStoreError(f"cannot write {path} ({cause.strerror}); choose another file") from cause
    return len(rows)


def _write_parquet(rows: list[Row], path: Path) -> None:
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as cause:
        raise PerfError("Parquet needs pyarrow: pip install pyarrow, or write a .csv file") from cause
    columns = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    parquet.write_table(arrow.table({name: list(each) for name, each in zip(COLUMNS, columns, strict=True)}), path)


def _rows(recording: Recording) -> Iterator[Row]:
    for key, series in recording.endpoints.items():
        yield from _outcome_rows(recording.info.id, key, "answered", series.ok)
        yield from _outcome_rows(recording.info.id, key, "failed", series.failed)


def _outcome_rows(run_id: str, key: EndpointKey, outcome: str, series: OutcomeSeries) -> Iterator[Row]:
    edges = np.searchsorted(series.cell_seconds, np.append(series.seconds, np.iinfo(np.int64).max))
    for at, second in enumerate(series.seconds.tolist()):
        low, high = float(series.minima[at]), float(series.maxima[at])
        cells = slice(int(edges[at]), int(edges[at + 1]))
        histogram = Histogram(
            series.cell_buckets[cells], series.cell_counts[cells], low, high, float(series.sums[at])
        )
        quantiles = [histogram.quantile(q) if histogram.total else math.nan for q in (0.5, 0.95, 0.99)]
        latencies = (histogram.total_time, low, *quantiles, high)
        counts = (int(series.counts[at]), int(series.bytes[at]))
        told = (None if math.isnan(each) else each for each in latencies)
        yield (
            run_id,
            key.method,
            key.name.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            outcome,
            second,
            *counts,
            *told,
        )
