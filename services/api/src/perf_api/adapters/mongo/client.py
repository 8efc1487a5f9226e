"""Opens a MongoDB by its URL; whatever the URL does not say gets a bounded default."""

import warnings
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.errors import PyMongoError

from perf_api.adapters.urls import DatabaseUrlError

Document = dict[str, Any]
SCHEMES = ("mongodb", "mongodb+srv")
DATABASE = "perf_api"
"""Name of the database where the URL names none."""
DEFAULTS: dict[str, Any] = {
    "appname": "perf-api",
    "connectTimeoutMS": 2000,
    "serverSelectionTimeoutMS": 2000,
    "waitQueueTimeoutMS": 2000,
    "timeoutMS": 3000,  # of a whole operation, its retries and waits included: below the deadline of a request
    "maxPoolSize": 50,
    "w": "majority",
    "journal": True,  # a write is on the disk when it is acknowledged
    "retryReads": True,
    "retryWrites": True,
}


class MongoUrlError(DatabaseUrlError):
    """Raised when an URL cannot be understood; the message never shows it, it may hold a password."""


def open_client(url: str) -> AsyncIOMotorClient[Document]:
    """Return a client; it connects, and joins the running event loop, when it is first used.

    Raises:
        MongoUrlError: the URL cannot be understood.
    """
    said = {name.lower() for name, _ in parse_qsl(urlsplit(url).query)}
    options: dict[str, Any] = {name: value for name, value in DEFAULTS.items() if name.lower() not in said}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # pymongo would only warn of an option it does not understand
            return AsyncIOMotorClient(url, tz_aware=True, **options)
    except (PyMongoError, ValueError, UserWarning) as cause:
        reason = str(cause) if isinstance(cause, UserWarning) else type(cause).__name__
        raise MongoUrlError(
            f"the database URL is no valid MongoDB URL ({reason}); "
            "write it like mongodb://user:password@host:27017/perf_api"
        ) from None


def database_of(client: AsyncIOMotorClient[Document]) -> AsyncIOMotorDatabase[Document]:
    """Return the database the URL names, or the default one."""
    return client.get_default_database(DATABASE)
