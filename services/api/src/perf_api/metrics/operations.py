"""Times every operation of the database at its port, whatever the adapter."""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, cast

from prometheus_client import Histogram

from perf_api.domain.errors import DatabaseUnavailableError, DomainError
from perf_api.domain.ports import Database, ItemRepository, OrderRepository


class MeasuredDatabase:
    """A database whose operations are timed; everything else is passed on."""

    def __init__(self, database: Database, durations: Histogram) -> None:
        """Time into a histogram with the labels collection, operation and outcome."""
        self._database = database
        self.items = cast(ItemRepository, _Measured("items", database.items, durations))
        self.orders = cast(OrderRepository, _Measured("orders", database.orders, durations))

    async def prepare(self) -> None:
        """See Database."""
        await self._database.prepare()

    async def ping(self) -> None:
        """See Database."""
        await self._database.ping()

    async def close(self) -> None:
        """See Database."""
        await self._database.close()


class _Measured:
    """Stands for a repository; a method is wrapped when it is first called."""

    def __init__(self, collection: str, repository: object, durations: Histogram) -> None:
        self._collection, self._repository, self._durations = collection, repository, durations

    def __getattr__(self, operation: str) -> Callable[..., Awaitable[Any]]:
        method, durations = getattr(self._repository, operation), dict[str, Histogram]()

        async def timed(*arguments: Any, **more: Any) -> Any:
            began, outcome = perf_counter(), "ok"
            try:
                return await method(*arguments, **more)
            except BaseException as error:
                outcome = _outcome(error)
                raise
            finally:
                if outcome not in durations:
                    durations[outcome] = self._durations.labels(self._collection, operation, outcome)
                durations[outcome].observe(perf_counter() - began)

        setattr(self, operation, timed)
        return timed


def _outcome(error: BaseException) -> str:
    """Return how an operation ended: `refused` is an answer of the database like any other."""
    if isinstance(error, DatabaseUnavailableError):
        return "unavailable"
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return "refused" if isinstance(error, DomainError) else "failed"
