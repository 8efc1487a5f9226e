"""A MongoDB as a database of the service."""

import asyncio

from perf_api.adapters.mongo.client import database_of, open_client
from perf_api.adapters.mongo.errors import translated
from perf_api.adapters.mongo.indexes import create_indexes
from perf_api.adapters.mongo.items import MongoItems
from perf_api.adapters.mongo.orders import MongoOrders
from perf_api.domain.errors import DatabaseUnavailableError

PING_TIMEOUT = 2.0
"""Seconds."""


class MongoDatabase:
    """See domain.ports.Database; belongs to the event loop that runs when it is first used."""

    def __init__(self, url: str) -> None:
        """Connect to nothing yet.

        Raises:
            MongoUrlError: the URL cannot be understood.
        """
        self._client = open_client(url)
        self._database = database_of(self._client)
        self.items = MongoItems(self._database["items"])
        self.orders = MongoOrders(self._database["orders"])

    @translated
    async def prepare(self) -> None:
        """Create the indexes that are missing."""
        await create_indexes(self._database)

    @translated
    async def ping(self) -> None:
        """Ask for nothing."""
        try:
            await asyncio.wait_for(self._database.command("ping"), PING_TIMEOUT)
        except TimeoutError as cause:
            raise DatabaseUnavailableError("MongoDB did not answer in time") from cause

    async def close(self) -> None:
        """Close all connections."""
        self._client.close()
