"""The raw results of another tool, turned into a run folder like any other."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from perf_core.adapters.imported import BAD_ROWS, SHOWN, BadRow, Imported, Tally, close, facts
from perf_core.adapters.jtl import JTL
from perf_core.adapters.k6 import K6, METRICS
from perf_core.adapters.locust_csv import LOCUST_CSV
from perf_core.adapters.result_format import KeyTable, Parser, ResultFormat
from perf_core.adapters.result_frames import FrameTable
from perf_core.adapters.result_rows import Chunk, RowReader
from perf_core.adapters.samples import SAMPLES
from perf_core.adapters.statistics_import import import_statistics
from perf_core.adapters.statistics_reader import read_statistics
from perf_core.errors import ResultsError
from perf_core.model.frame import Frame
from perf_core.runstore import RunStore
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.frame_log import write_log

FORMATS = {each.name: each for each in (SAMPLES, JTL, K6, LOCUST_CSV)}


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
    statistics = read_statistics(path) if format_name in {None, LOCUST_CSV.name} else None
    if statistics is not None:
        return import_statistics(statistics, path, store, scenario)
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
            info = facts(folder, work.tally, scenario, {"imported_from": path.name, "format": chosen.name})
            close(folder, info, work.tally, path)
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
    if name is not None and name not in FORMATS:
        raise ResultsError(f"there is no format {name!r}; use one of {', '.join(FORMATS)}")
    _check_delimited(reader, path)
    if name is not None:
        return FORMATS[name]
    found = [each for each in FORMATS.values() if set(each.required) <= set(reader.header)]
    if found:
        return found[0]
    first = reader.first_line
    if first.split(",")[0].strip().isdigit() and len(first.split(",")) >= len(JTL.required):
        raise ResultsError(f"{path} has no header line; name its format, e.g. --format jtl")
    raise ResultsError(
        f"the header of {path} ({first[:80]!r}) is of no known format; name it with --format "
        f"{'|'.join(FORMATS)}, or write the columns {','.join(SAMPLES.usual)}"
    )


def _check_delimited(reader: RowReader, path: Path) -> None:
    """Refuse what is no table, whatever format was named for it."""
    if reader.first_line.startswith("<"):
        raise ResultsError(f"{path} is XML; write CSV: jmeter -Jjmeter.save.saveservice.output_format=csv")
    if reader.first_line.startswith("{"):
        raise ResultsError(f"{path} is JSON; write CSV, e.g. k6 run --out csv=results.csv")


def _is_data(reader: RowReader, chosen: ResultFormat) -> bool:
    """Return whether the first line is a row already: it begins with a number, and the usual columns are known."""
    begins_with_number = reader.header[0][:1].isdigit()
    return begins_with_number and bool(chosen.usual) and len(reader.header) >= len(chosen.required)


def _check_columns(reader: RowReader, chosen: ResultFormat, path: Path) -> None:
    missing = [name for name in chosen.required if name not in reader.header]
    if missing:
        header = ",".join(reader.header)[:200]
        raise ResultsError(f"{path} lacks the column {', '.join(missing)} of {chosen.name}; its header is {header!r}")
