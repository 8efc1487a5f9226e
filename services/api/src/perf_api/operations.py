"""How the service is doing: prepared, draining, answering; and the work it does between requests."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from perf_api.domain.errors import DatabaseUnavailableError
from perf_api.domain.ports import Database
from perf_api.services.ordering import Ordering

log = logging.getLogger(__name__)

_PING_AGE = 1.0
_PREPARE_AGAIN = 1.0
_SWEEP_EVERY = 30.0
_LEFT_BEHIND = timedelta(seconds=60)
"""Older than any request can be: what is unsettled then was left by a crash."""
_KEY_AGE = timedelta(hours=24)


@dataclass(slots=True)
class Operations:
    """The state every request is judged by; changed on the event loop only."""

    prepared: bool = False
    draining: bool = False
    pinged: float = -_PING_AGE

    async def check_ready(self, database: Database) -> str | None:
        """Return why no requests should be sent here; None when they should. Asks the database once a second at most.

        Waits for its answer at most two seconds.
        """
        if self.draining:
            return "the service is shutting down"
        if not self.prepared:
            return "the database has not been reached yet"
        if time.monotonic() - self.pinged >= _PING_AGE:
            try:
                await asyncio.wait_for(database.ping(), 2)
            except (DatabaseUnavailableError, TimeoutError):
                return "the database does not answer"
            self.pinged = time.monotonic()
        return None


async def prepare(database: Database, operations: Operations) -> None:
    """Prepare the database, again and again until it works; the service is not ready until then."""
    while not operations.prepared:
        try:
            await database.prepare()
        except DatabaseUnavailableError as error:
            log.warning("database.unreachable", extra={"error": str(error)})
            await asyncio.sleep(_PREPARE_AGAIN)
        else:
            operations.prepared = True
            log.info("database.prepared")


async def sweep(database: Database, ordering: Ordering, operations: Operations) -> None:
    """Finish what crashes left half done and forget old Idempotency-Keys, now and every half minute, for ever."""
    while True:
        if operations.prepared:
            with suppress(DatabaseUnavailableError):
                now = datetime.now(UTC)
                recovered = await ordering.recover(now - _LEFT_BEHIND)
                await database.orders.forget_keys(now - _KEY_AGE)
                if recovered:
                    log.warning("orders.recovered", extra={"orders": recovered})
        await asyncio.sleep(_SWEEP_EVERY if operations.prepared else _PREPARE_AGAIN)
