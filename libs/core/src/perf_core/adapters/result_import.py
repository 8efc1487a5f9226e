"""The raw results of another tool, turned into a run folder like any other."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np

from perf_core.adapters.jtl import JTL
from perf_core.adapters.k6 import K6, METRICS
from perf_core.adapters.locust_csv import LOCUST_CSV
from perf_core.adapters.result_format import KeyTable, Parser, ResultFormat
from perf_core.adapters.result_frames import FrameTable
from perf_core.adapters.result_rows import Chunk, RowReader
from perf_core.adapters.samples import SAMPLES
from perf_core.errors import ResultsError
from perf_core.model.frame import Frame
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.frame_log import write_log

FORMATS = {each.name: each for each in (SAMPLES, JTL, K6, LOCUST_CSV)}
BAD_ROWS = "bad_rows.txt"
"""File of the run folder that lists every bad row; absent when all were good."""
SHOWN = 100
"""Bad rows kept for the terminal."""
SUSPECT_BAD = 0.001
SUSPECT_FAILED = 0.5
_SUMMARIES = ("request count", "total request count", "user count")


@dataclass(frozen=True, slots=True, order=True)
class BadRow:
    """A row that was left out: the line it begins in, counted from 1, and what is wrong with it."""

    line: int
    reason: str

    def __str__(self) -> str:
        """Return ``line 5: ok is '2', not 0 or 1``."""
        return f"line {self.line}: {self.reason}"


@dataclass(slots=True)
class Tally:
    """What was met in a file so far; `bad` holds the first bad rows."""

    rows: int = 0
    requests: int = 0
    failures: int = 0
    other_metrics: int = 0
    folded: int = 0
    bad_rows: int = 0
    bad: list[BadRow] = field(default_factory=list)
    first: float = float("inf")
    last: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Imported:
    """A run that was made from a file."""

    info: RunInfo
    format: str
    tally: Tally


def import_results(
    path: Path,
    store: RunStore,
    scenario: str,
    format_name: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Make a run of a file; `progress` is told the number of rows now and then.

    Raises:
        ResultsError: the file is not readable, of no known format, or holds no usable request.
    """
    with RowReader(path) as reader:
        chosen = _chosen(reader, path, format_name)
        with_first = _is_data(reader, chosen)
        if with_first:
            reader.header = list(chosen.usual)[: len(reader.header)]
        _check_columns(reader, chosen, path)
        folder = store.reserve()
        try:
            with (folder.path / BAD_ROWS).open("w", encoding="utf-8") as bad_file:
                work = _Import(reader, chosen, bad_file, progress)
                write_log(folder.frames_log, map(encode_frame, work.frames(with_first=with_first)))
            info = _facts(folder, work.tally, scenario, {"imported_from": path.name, "format": chosen.name})
            _close(folder, info, work.tally, path)
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
    return Imported(info, chosen.name, work.tally)


class _Import:
    """One pass over one file."""

    def __init__(
        self, reader: RowReader, chosen: ResultFormat, bad_file: TextIO, progress: Callable[[int], None]
    ) -> None:
        self._reader, self._bad_file, self._progress = reader, bad_file, progress
        self._columns = {name: at for at, name in reversed(list(enumerate(reader.header)))}
        self._metric = self._columns["metric_name"] if chosen is K6 else None
        self._keys = KeyTable()
        self._parse: Parser = chosen.parser(self._keys)
        self._table = FrameTable()
        self.tally = Tally()

    def frames(self, *, with_first: bool) -> Iterator[Frame]:
        """Yield the frames of all good rows."""
        for chunk in self._reader.chunks(with_first=with_first, reject=self._reject_unread):
            self.tally.rows += len(chunk)
            self._take(chunk if self._metric is None else self._requests_of(chunk, self._metric))
            self._progress(self.tally.rows)
            yield from self._table.drain(self._keys.keys)
        yield from self._table.finish(self._keys.keys)

    def _requests_of(self, chunk: Chunk, metric: int) -> Chunk:
        """Return the rows of a metric that is one request each."""
        kept = chunk.only(metric, METRICS)
        self.tally.other_metrics += len(chunk) - len(kept)
        return kept

    def _take(self, chunk: Chunk) -> None:
        if not len(chunk):
            return
        found = self._parse(lambda name: self._column(chunk, name))
        for row, reason in sorted(found.bad.items()):
            if chunk.row(row) == self._reader.header:
                self.tally.rows -= 1  # files put together: a header is no row
            else:
                self._reject(chunk.lines[row], reason)
        if not found.used.any():
            return
        keys = found.keys[found.used]
        failed = np.array([bool(key.error_class) for key in self._keys.keys])[keys]
        ends = found.starts[found.used] + np.nan_to_num(found.durations[found.used])
        self._table.add(found)
        if found.texts is not None and failed.any():
            rows = np.flatnonzero(found.used)[failed]
            self._table.note_errors(keys[failed], [found.texts[row] for row in rows])
        tally = self.tally
        tally.requests += len(keys)
        tally.failures += int(failed.sum())
        tally.folded += self._keys.folded(keys)
        tally.first = min(tally.first, float(found.starts[found.used].min()))
        tally.last = max(tally.last, float(ends.max()))

    def _column(self, chunk: Chunk, name: str) -> list[str]:
        at = self._columns.get(name)
        return [""] * len(chunk) if at is None else chunk.column(at)

    def _reject_unread(self, line: int, reason: str) -> None:
        self.tally.rows += 1
        self._reject(line, reason)

    def _reject(self, line: int, reason: str) -> None:
        bad = BadRow(line, reason)
        self._bad_file.write(f"{bad}\n")
        self.tally.bad_rows += 1
        if len(self.tally.bad) < SHOWN:
            self.tally.bad.append(bad)


def _chosen(reader: RowReader, path: Path, name: str | None) -> ResultFormat:
    if name is not None:
        if name not in FORMATS:
            raise ResultsError(f"there is no format {name!r}; use one of {', '.join(FORMATS)}")
        return FORMATS[name]
    found = [each for each in FORMATS.values() if set(each.required) <= set(reader.header)]
    if found:
        return found[0]
    first = reader.first_line
    if first.startswith("<"):
        raise ResultsError(f"{path} is XML; write CSV: jmeter -Jjmeter.save.saveservice.output_format=csv")
    if first.startswith("{"):
        raise ResultsError(f"{path} is JSON; write CSV, e.g. k6 run --out csv=results.csv")
    if first.split(",")[0].strip().isdigit() and len(first.split(",")) >= len(JTL.required):
        raise ResultsError(f"{path} has no header line; name its format, e.g. --format jtl")
    if any(each.strip().lower() in _SUMMARIES for each in reader.header):
        remedy = "log every request, e.g. with locust.contrib.csv_request_logger"
        raise ResultsError(f"{path} holds rounded summaries, not requests; {remedy}")
    raise ResultsError(
        f"the header of {path} ({first[:80]!r}) is of no known format; name it with --format "
        f"{'|'.join(FORMATS)}, or write the columns {','.join(SAMPLES.usual)}"
    )


def _is_data(reader: RowReader, chosen: ResultFormat) -> bool:
    """Return whether the first line is a row already: it begins with a number, and the usual columns are known."""
    begins_with_number = reader.header[0][:1].isdigit()
    return begins_with_number and bool(chosen.usual) and len(reader.header) >= len(chosen.required)


def _check_columns(reader: RowReader, chosen: ResultFormat, path: Path) -> None:
    missing = [name for name in chosen.required if name not in reader.header]
    if missing:
        header = ",".join(reader.header)[:200]
        raise ResultsError(f"{path} lacks the column {', '.join(missing)} of {chosen.name}; its header is {header!r}")


def _facts(folder: RunFolder, tally: Tally, scenario: str, labels: dict[str, str]) -> RunInfo:
    validity, reasons = _validity(tally)
    return RunInfo(
        id=folder.id,
        scenario=scenario,
        target="",
        state=RunState.FINISHED,
        started=tally.first,
        ended=tally.last,
        requests=tally.requests,
        failures=tally.failures,
        validity=validity,
        validity_reasons=reasons,
        labels=labels,
        rejected_samples=tally.bad_rows,
    )


def _validity(tally: Tally) -> tuple[Validity, tuple[str, ...]]:
    if tally.requests and tally.failures == tally.requests:
        return Validity.INVALID, (f"all {tally.requests} requests failed; check the target and the script",)
    reasons = []
    if tally.failures > SUSPECT_FAILED * tally.requests:
        reasons.append(f"{tally.failures / tally.requests:.1%} of the requests failed")
    if tally.bad_rows > SUSPECT_BAD * tally.rows:
        reasons.append(f"{tally.bad_rows} of {tally.rows} rows could not be read; they are in {BAD_ROWS}")
    return (Validity.SUSPECT if reasons else Validity.VALID), tuple(reasons)


def _close(folder: RunFolder, info: RunInfo, tally: Tally, path: Path) -> None:
    """Make the folder a run: its facts come last, when all else is on the disk."""
    if not tally.requests:
        rows = f"{tally.rows} rows" if tally.rows else "no row"
        examples = "; ".join(map(str, sorted(tally.bad)[:3]))
        raise ResultsError(f"{path} holds {rows} and no usable request{': ' + examples if examples else ''}")
    if not tally.bad_rows:
        (folder.path / BAD_ROWS).unlink()
    with folder.frames_log.open("rb") as log:
        os.fsync(log.fileno())
    folder.write_info(info)
