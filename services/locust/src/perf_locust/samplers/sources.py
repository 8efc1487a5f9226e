"""Where rows come from: CSV, JSON lines, a MongoDB collection, or a list in the locustfile."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from perf_locust.samplers.columns import Columns, RowType
from perf_locust.samplers.errors import DataError
from perf_locust.samplers.records import Csv, Format, JsonLines
from perf_locust.samplers.table import OBJECTS_PER_BYTE, FileTable, MemoryTable, Table

MEMORY_BYTES = 256 * 2**20
"""Memory that the rows of one source may take in a process before they stay in their file."""
_CSV, _JSON = (".csv", ".tsv", ".txt"), (".jsonl", ".ndjson", ".json")
_PIECES, _PIECE = 64, 2**16
_CONNECT = 5.0


@dataclass(frozen=True, slots=True)
class Mongo:
    """A MongoDB collection. Rows are in the order of `_id`; ids, dates and decimals are texts, as in JSON.

    Attributes:
        url: with the name of the database, `mongodb://host:27017/shop`.
        query: which documents, as for `find`.
    """

    url: str
    collection: str
    query: Mapping[str, Any] | None = None


Source = str | os.PathLike[str] | Mongo | Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows that are ready to be handed out.

    Attributes:
        columns: as the source names them.
        digest: of what the source held; two processes with the same one have the same rows.
    """

    name: str
    table: Table
    columns: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source is to be read; see `sampler`."""

    columns: Columns = None
    encoding: str = "utf-8"
    delimiter: str | None = None
    memory_bytes: int = MEMORY_BYTES


def load(source: Source, reading: Reading, beside: Path | None = None) -> Loaded:
    """Read a source.

    Args:
        source: see `Source`.
        reading: how.
        beside: folder in which a relative path is looked for too.

    Raises:
        DataError: it cannot be read, has no row, or a row is wrong.
    """
    if isinstance(source, Mongo):
        fetched = tempfile.TemporaryFile()  # noqa: SIM115  a table of many rows keeps it open
        _fetch(source, fetched)
        return replace(
            _load_file(f"collection {source.collection}", fetched, ".jsonl", reading), name=source.collection
        )
    if not isinstance(source, str | os.PathLike):
        lines = b"".join(json.dumps(dict(row), default=str).encode() + b"\n" for row in source)
        make = RowType.of(reading.columns, tuple(source[0]) if source else (), "the list")
        rows = [make.row(row, "the list, row", number) for number, row in enumerate(source, 1)]
        if not rows:
            raise DataError("the list of rows is empty; it needs at least one")
        return Loaded("rows", MemoryTable(rows, "the list"), tuple(source[0]), hashlib.sha256(lines).hexdigest())
    path = _found(Path(source), beside)
    try:
        file = path.open("rb")
    except OSError as cause:
        raise DataError(f"{path} cannot be read ({cause.strerror}); name a file that can") from cause
    return _load_file(str(source), file, path.suffix.lower(), reading)


def _found(path: Path, beside: Path | None) -> Path:
    if path.exists() or beside is None or not (beside / path).exists():
        return path
    return beside / path


def _load_file(name: str, file: BinaryIO, suffix: str, reading: Reading) -> Loaded:
    form: Format
    if suffix in _CSV:
        form = Csv(name, file, reading.encoding, reading.delimiter or ("\t" if suffix == ".tsv" else None))
    elif suffix in _JSON:
        form = JsonLines(name, file, reading.encoding)
    else:
        raise DataError(f"{name} has the ending {suffix!r}; give it one of {', '.join((*_CSV, *_JSON))}")
    make = RowType.of(reading.columns, form.columns, name)
    digest = _digest(file)
    table: Table
    if os.fstat(file.fileno()).st_size * OBJECTS_PER_BYTE > reading.memory_bytes:
        table = FileTable(file, form, make, name, reading.memory_bytes // 2)
    else:
        with file:
            table = MemoryTable([make.row(values, name, line) for line, values in form.all(file)], name)
    if not len(table):
        raise DataError(f"{name} has no row after its header; add rows")
    return Loaded(Path(name).stem, table, form.columns, digest)


def _digest(file: BinaryIO) -> str:
    """Return a digest of the file; of a large one, of its size and of pieces spread over it."""
    size = os.fstat(file.fileno()).st_size
    digest = hashlib.sha256(str(size).encode())
    if size <= _PIECES * _PIECE:
        digest.update(os.pread(file.fileno(), size, 0))
    else:
        for piece in range(_PIECES):
            digest.update(os.pread(file.fileno(), _PIECE, (size - _PIECE) * piece // (_PIECES - 1)))
    return digest.hexdigest()


def _fetch(source: Mongo, file: BinaryIO) -> None:
    """Write the documents of a collection as JSON lines."""
    try:
        import pymongo  # noqa: PLC0415  only who reads from MongoDB needs it
        from pymongo.errors import PyMongoError  # noqa: PLC0415
    except ImportError as cause:
        raise DataError(
            "reading from MongoDB needs pymongo; install it with pip install 'perf-locust[mongodb]'"
        ) from cause
    try:
        own = "serverSelectionTimeoutMS" in source.url
        patience: dict[str, Any] = {} if own else {"serverSelectionTimeoutMS": _CONNECT * 1000}
        with pymongo.MongoClient[dict[str, Any]](source.url, **patience) as client:
            collection = client.get_default_database()[source.collection]
            documents = collection.find(source.query or {}).sort("_id", 1)
            file.writelines(json.dumps(each, default=str).encode() + b"\n" for each in documents)
    except (PyMongoError, ValueError, TypeError) as cause:
        first = str(cause).split(",", 1)[0]
        raise DataError(
            f"collection {source.collection} cannot be read ({first}); check the URL, which names host and database, "
            "and the query"
        ) from cause
    file.flush()
    if not file.tell():
        raise DataError(
            f"collection {source.collection} has no document that the query finds; fill it, or correct it"
        )
    file.seek(0)
