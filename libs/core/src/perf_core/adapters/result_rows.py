"""Rows of a delimited text file in chunks, each row with the line it begins in; reads plain and gzipped files.

Most blocks of lines have no quote and no odd row: they are split in one go. The others go through the csv module.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Self, cast

from perf_core.errors import ResultsError

CHUNK = 1 << 12
"""Rows in memory at once: few, because a processor cache holds them."""
_FIELD_LIMIT = 1 << 20
_UNREADABLE = (OSError, EOFError, UnicodeError, zlib.error)
Reject = Callable[[int, str], None]
"""Called with a line number and what is wrong with its row."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one width, their fields one after the other, and the line each begins in."""

    fields: list[str]
    width: int
    lines: Sequence[int]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.lines)

    def column(self, index: int) -> list[str]:
        """Return one column."""
        return self.fields[index :: self.width]

    def row(self, at: int) -> list[str]:
        """Return one row."""
        return self.fields[at * self.width : (at + 1) * self.width]

    def only(self, index: int, values: Container[str]) -> "Chunk":
        """Return the rows that have one of the values in a column."""
        kept = [at for at, value in enumerate(self.column(index)) if value in values]
        fields = list(chain.from_iterable(map(self.row, kept)))
        return Chunk(fields, self.width, [self.lines[at] for at in kept])


class RowReader:
    """Reads a file once, from its header to its end; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open the file and read its first line.

        Raises:
            ResultsError: there is no such file, or it is empty.
        """
        csv.field_size_limit(_FIELD_LIMIT)
        self._line = 1
        try:
            self._text = opened(path)
            self._first = next(self._text, "")
            while self._first and not self._first.strip():
                self._first, self._line = next(self._text, ""), self._line + 1
        except _UNREADABLE as cause:
            raise ResultsError(f"{path} cannot be read ({cause}); check its name and that it is complete") from cause
        if not self._first:
            raise ResultsError(f"{path} is empty; export the results again")
        self.first_line = self._first.strip()
        self._delimiter = max(",;\t|", key=self._first.count)
        self.header = [name.strip() for name in next(csv.reader([self._first], delimiter=self._delimiter))]
        self._damage = ""
        self._rest = self._readable()

    def chunks(self, *, with_first: bool, reject: Reject) -> Iterator[Chunk]:
        """Yield the rows; `with_first` when the first line is no header. Rows of another width are rejected."""
        lines = [self._first] if with_first else []
        self._line += not with_first
        while True:
            lines.extend(islice(self._rest, CHUNK))
            if lines:
                yield self._split(lines) or self._parsed(lines, reject)
            if self._damage:
                reject(self._line, f"the file cannot be read from here on ({self._damage})")
            if self._damage or not lines:
                return
            lines = []

    def _readable(self) -> Iterator[str]:
        """Yield the lines after the first, up to where the file is damaged."""
        try:
            yield from self._text
        except _UNREADABLE as cause:
            self._damage = str(cause)

    def _split(self, lines: list[str]) -> Chunk | None:
        """Return the rows of lines that hold no quote and no odd row; None when the csv module has to look."""
        mark, width = self._delimiter, len(self.header)
        if {line.count(mark) for line in lines} != {width - 1}:
            return None
        text = "".join(lines).replace("\r\n", "\n")
        if '"' in text or "\r" in text:
            return None
        fields = text.removesuffix("\n").replace("\n", mark).split(mark)
        first, self._line = self._line, self._line + len(lines)
        return Chunk(fields, width, range(first, self._line))

    def _parsed(self, lines: list[str], reject: Reject) -> Chunk:
        """Return the rows of lines, and of as many more as an open quote reaches over."""
        reader = csv.reader(chain(lines, self._rest), delimiter=self._delimiter)
        first, width = self._line, len(self.header)
        fields: list[str] = []
        starts: list[int] = []
        while reader.line_num < len(lines):
            start = first + reader.line_num
            try:
                row = next(reader, [])
            except csv.Error as cause:
                reject(start, f"{cause}; nothing up to line {first + reader.line_num - 1} could be read")
                continue
            if len(row) == width or (len(row) > width and not any(row[width:])):
                fields += row[:width]
                starts.append(start)
            elif row:  # an empty line is no row
                reject(start, _misshapen(row, width, first + reader.line_num - start))
        self._line = first + reader.line_num
        return Chunk(fields, width, starts)

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._text.close()


def opened(path: Path) -> IO[str]:
    """Return the file as text, whether or not it is gzipped, of UTF-8 or UTF-16."""
    raw = path.open("rb")
    start = raw.peek(4)[:4]
    stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw) if start[:2] == b"\x1f\x8b" else raw)
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return io.TextIOWrapper(stream, encoding, errors="backslashreplace", newline="")


def _misshapen(row: list[str], width: int, height: int) -> str:
    text = f"{len(row)} column{'s'[: len(row) != 1]} instead of {width}"
    return f"{text}, over {height} lines (a quote that is not closed?)" if height > 1 else text
