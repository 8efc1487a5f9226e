"""Which database an URL names: by its scheme, never by trying, and never another instead."""

from perf_api.adapters.sqlite.database import SqliteDatabase
from perf_api.adapters.sqlite.engine import Engine
from perf_api.adapters.urls import DatabaseUrlError
from perf_api.domain.ports import Database

SQLITE = "sqlite:///"
MONGODB = ("mongodb://", "mongodb+srv://")


def open_database(url: str, synchronous: str = "full") -> Database:
    """Open the database of an URL; nothing remote is asked yet.

    `sqlite:///relative/path`, `sqlite:////absolute/path`, `sqlite:///:memory:`, `mongodb://host:port/name`. A MongoDB
    belongs to the event loop in which it is first used.

    `synchronous` ("full", "normal") is SQLite's, see Engine.

    Raises:
        DatabaseUrlError: the URL is none of these.
        MongoUrlError: it begins like a MongoDB's and cannot be understood.
        DatabaseInUseError: another process has the SQLite file.
        DatabaseFileError: the SQLite file cannot be opened.
    """
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        return SqliteDatabase(Engine(url.removeprefix(SQLITE), synchronous.upper()))
    if url.startswith(MONGODB):
        from perf_api.adapters.mongo.database import MongoDatabase  # noqa: PLC0415  who uses SQLite need not import motor

        return MongoDatabase(url)
    scheme = url.split(":", 1)[0]
    raise DatabaseUrlError(f"database scheme {scheme!r} is unknown; write sqlite:///path or mongodb://host/name")
