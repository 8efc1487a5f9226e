"""Every error of the driver, mapped once."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from perf_api.domain.errors import DatabaseUnavailableError, DomainError

P = ParamSpec("P")
T = TypeVar("T")

DUPLICATE_KEY = 11000
_REFUSED_CREDENTIALS = frozenset({13, 18})
_REASONS: tuple[tuple[type[PyMongoError], str], ...] = (
    (ServerSelectionTimeoutError, "no MongoDB server can be reached"),
    (WaitQueueTimeoutError, "all connections to MongoDB are busy"),
    (NetworkTimeout, "MongoDB did not answer in time"),
    (NotPrimaryError, "MongoDB is choosing a new primary"),
    (ConnectionFailure, "the connection to MongoDB was lost"),
    (ExecutionTimeout, "MongoDB did not finish in time"),
    (WTimeoutError, "MongoDB did not confirm a write in time"),
    (ConfigurationError, "the options of the MongoDB URL do not fit this server"),
)
"""The first class that fits gives the reason; subclasses stand before their parents."""


def unavailable(error: PyMongoError) -> DatabaseUnavailableError:
    """Return the domain's error for a driver's error; its text holds neither addresses nor credentials."""
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return DatabaseUnavailableError(reason)
    code = error.code if isinstance(error, OperationFailure) else None
    if code in _REFUSED_CREDENTIALS:
        return DatabaseUnavailableError("MongoDB refuses the credentials; correct them in PERF_API_DATABASE")
    return DatabaseUnavailableError(f"MongoDB refused an operation ({type(error).__name__}, code {code})")


def is_duplicate(error: PyMongoError) -> bool:
    """Say whether a unique index refused a write.

    FerretDB 1.24 answers an update with code 1 and the text of its SQLite, an insert like MongoDB.
    """
    if not isinstance(error, OperationFailure):
        return False
    return error.code == DUPLICATE_KEY or (error.code == 1 and "UNIQUE constraint failed" in str(error))


def duplicate_indexes(error: BulkWriteError) -> list[int]:
    """Return the places, in a batch, of the documents a unique index refused.

    Raises:
        BulkWriteError: the same, if anything else went wrong too.
    """
    failures = error.details.get("writeErrors", [])
    if error.details.get("writeConcernErrors") or any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return [failure["index"] for failure in failures]


@contextmanager
def duplicate_as(error: DomainError) -> Iterator[None]:
    """Raise `error` where a unique index refuses a write."""
    try:
        yield
    except PyMongoError as cause:
        if is_duplicate(cause):
            raise error from cause
        raise


def translated(method: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let no error of the driver leave a method."""

    @wraps(method)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await method(*args, **kwargs)
        except PyMongoError as cause:
            raise unavailable(cause) from cause

    return call
