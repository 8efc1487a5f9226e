"""A SQLite file as a database of the service."""

import asyncio

from perf_api.adapters.sqlite.engine import Engine
from perf_api.adapters.sqlite.items import SqliteItems
from perf_api.adapters.sqlite.orders import SqliteOrders


class SqliteDatabase:
    """See domain.ports.Database; the file is opened, its tables made, when the object is made."""

    def __init__(self, engine: Engine) -> None:
        """Use an open engine."""
        self._engine = engine
        self.items = SqliteItems(engine)
        self.orders = SqliteOrders(engine)

    async def prepare(self) -> None:
        """Do nothing: the tables are there."""

    async def ping(self) -> None:
        """Read nothing."""
        await asyncio.wait_for(self._engine.read(lambda connection: connection.execute("SELECT 1").fetchone()), 2)

    async def close(self) -> None:
        """Finish what is queued and close."""
        await asyncio.to_thread(self._engine.close)
