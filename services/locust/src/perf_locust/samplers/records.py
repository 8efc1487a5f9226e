"""Records of a text file: where each one begins, and what it says. CSV and JSON lines read alike from here on."""

import contextlib
import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, Protocol

from perf_locust.samplers.errors import DataError

BOM = b"\xef\xbb\xbf"
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Span:
    """One record as bytes: where it begins in the file, the number of its first line, and its text."""

    offset: int
    line: int
    raw: bytes


class Format(Protocol):
    """How the records of a file are told apart and read."""

    first: int
    """Offset of the first record."""
    columns: tuple[str, ...]
    """Of the header, or of the first record."""

    def spans(self, file: BinaryIO) -> Iterator[Span]:
        """Yield the records of a file from the first on."""

    def spans_of(self, text: bytes, line: int) -> Iterator[Span]:
        """Yield the records of a piece of the file that begins with a record, on this line."""

    def all(self, file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the number of the first line of each record, and what it says; faster than by spans.

        Raises:
            DataError: a record is none of this format.
        """

    def values(self, span: Span) -> dict[str, Any]:
        """Return what a record says.

        Raises:
            DataError: it is no record of this format.
        """


class Csv:
    """Comma-separated values with a header; the delimiter may be one of `, ; TAB |`."""

    def __init__(self, name: str, file: BinaryIO, encoding: str = "utf-8", delimiter: str | None = None) -> None:
        """Read the header."""
        self._name, self._encoding = name, encoding
        start = len(BOM) if file.read(len(BOM)) == BOM else 0
        self._delimiter = delimiter or ","
        file.seek(start)
        lines = iter(file.readline, b"")
        head = _one_record(lines, start, 1, self._delimiter, encoding)
        if head is None:
            raise DataError(f"{name} is empty; it needs a line with the names of its columns, and rows")
        text = _decoded(head, encoding, name).rstrip("\r\n")
        self._delimiter = delimiter or max(DELIMITERS, key=text.count)
        self.columns = tuple(column.strip() for column in self._read(head))
        if len(set(self.columns)) < len(self.columns) or not all(self.columns):
            raise DataError(f"{name}: the first line names a column twice, or one without a name; it is {text!r}")
        self.first = start + len(head.raw)
        self._lines = head.raw.count(b"\n")

    def spans(self, file: BinaryIO) -> Iterator[Span]:
        """Yield the records after the header; empty lines are none."""
        file.seek(self.first)
        return self._spans(file, self.first, self._lines + 1)

    def spans_of(self, text: bytes, line: int) -> Iterator[Span]:
        """Yield the records of a piece of the file."""
        return self._spans(io.BytesIO(text), 0, line)

    def _spans(self, file: BinaryIO, offset: int, number: int) -> Iterator[Span]:
        lines = iter(file.readline, b"")
        while (span := _one_record(lines, offset, number, self._delimiter, self._encoding)) is not None:
            offset, number = offset + len(span.raw), number + max(span.raw.count(b"\n"), 1)
            if span.raw.strip():
                yield span

    def all(self, file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the first line of each record, and its values by column."""
        file.seek(self.first)
        text = io.TextIOWrapper(file, self._encoding, newline="")
        reader, line = csv.reader(text, delimiter=self._delimiter), 1
        try:
            for values in reader:
                if values:
                    yield line + self._lines, self._by_column(values, line + self._lines)
                line = reader.line_num + 1
        except csv.Error as cause:
            raise DataError(
                f"{self._name} line {line + self._lines} is no CSV ({cause}); close its quotes"
            ) from cause
        except UnicodeDecodeError:
            for span in self.spans(file):  # finds the line
                _decoded(span, self._encoding, self._name)
            raise
        finally:
            if not file.closed:
                text.detach()

    def values(self, span: Span) -> dict[str, Any]:
        """Return the values by column."""
        return self._by_column(self._read(span), span.line)

    def _by_column(self, values: list[str], line: int) -> dict[str, Any]:
        if len(values) != len(self.columns):
            raise DataError(
                f"{self._name} line {line} has {len(values)} values for {len(self.columns)} columns "
                f"({', '.join(self.columns)}); correct the line"
            )
        return dict(zip(self.columns, values, strict=True))

    def _read(self, span: Span) -> list[str]:
        text = _decoded(span, self._encoding, self._name)
        try:
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter), [])
        except csv.Error as cause:
            raise DataError(f"{self._name} line {span.line} is no CSV ({cause}); close its quotes") from cause


class JsonLines:
    """One JSON object a line."""

    def __init__(self, name: str, file: BinaryIO, encoding: str = "utf-8") -> None:
        """Look at the first object."""
        self._name, self._encoding = name, encoding
        self.first = len(BOM) if file.read(len(BOM)) == BOM else 0
        head = next(self.spans(file), None)
        if head is None:
            raise DataError(f"{name} is empty; it needs one JSON object a line")
        self.columns = tuple(self.values(head))

    def spans(self, file: BinaryIO) -> Iterator[Span]:
        """Yield the lines that are not empty."""
        file.seek(self.first)
        return self._spans(file, self.first, 1)

    def spans_of(self, text: bytes, line: int) -> Iterator[Span]:
        """Yield the records of a piece of the file."""
        return self._spans(io.BytesIO(text), 0, line)

    @staticmethod
    def _spans(file: BinaryIO, offset: int, line: int) -> Iterator[Span]:
        for number, raw in enumerate(iter(file.readline, b""), line):
            if raw.strip():
                yield Span(offset, number, raw)
            offset += len(raw)

    def all(self, file: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the line of each object, and the object."""
        return ((span.line, self.values(span)) for span in self.spans(file))

    def values(self, span: Span) -> dict[str, Any]:
        """Return the object."""
        try:
            values = json.loads(_decoded(span, self._encoding, self._name))
        except ValueError as cause:
            raise DataError(f"{self._name} line {span.line} is no JSON ({cause}); correct the line") from cause
        if not isinstance(values, dict):
            raise DataError(f'{self._name} line {span.line} is no JSON object; write it like {{"id": 7}}')
        return values


def _one_record(lines: Iterator[bytes], offset: int, number: int, delimiter: str, encoding: str) -> Span | None:
    """Return the next record; only one with quotes can be longer than its line."""
    line = next(lines, None)
    if line is None:
        return None
    if b'"' not in line:
        return Span(offset, number, line)
    taken: list[bytes] = []

    def texts() -> Iterable[str]:
        for each in chain([line], lines):
            taken.append(each)
            yield each.decode(encoding, "replace")

    with contextlib.suppress(csv.Error):  # told when the record is read
        next(csv.reader(texts(), delimiter=delimiter), None)
    return Span(offset, number, b"".join(taken))


def _decoded(span: Span, encoding: str, name: str) -> str:
    try:
        return span.raw.decode(encoding)
    except UnicodeDecodeError as cause:
        raise DataError(
            f"{name} line {span.line} is not {encoding.upper()}; save it so, or say what it is (encoding='latin-1')"
        ) from cause
