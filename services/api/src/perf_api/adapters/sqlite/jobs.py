"""A piece of work for a database thread, and the way its outcome comes back to the event loop."""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from perf_api.domain.errors import DatabaseUnavailableError, DomainError

Work = Callable[[sqlite3.Connection], Any]


@dataclass(slots=True)
class Job:
    """Work, and who waits for it; `outcome` is a value, or the exception to raise."""

    work: Work
    waiter: asyncio.Future[Any]
    outcome: Any = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Do the work and keep its outcome; no exception leaves."""
        try:
            self.outcome = self.work(connection)
        except DomainError as refusal:
            self.outcome = refusal
        except sqlite3.Error as error:
            self.outcome = unavailable(error)
        except Exception as error:  # noqa: BLE001  raised again in the coroutine that waits
            self.outcome = error

    def settle(self) -> None:
        """Wake who waits; on the event loop."""
        if self.waiter.done():
            return
        if isinstance(self.outcome, Exception):
            self.waiter.set_exception(self.outcome)
        else:
            self.waiter.set_result(self.outcome)


def unavailable(error: Exception) -> DatabaseUnavailableError:
    """Return what a caller sees of a SQLite error: the one place where driver errors are mapped."""
    mapped = DatabaseUnavailableError(f"SQLite: {error}")
    mapped.__cause__ = error
    return mapped


def deliver(loop: asyncio.AbstractEventLoop, jobs: list[Job]) -> None:
    """Settle jobs on the loop, all in one wake-up; nobody waits when the loop is closed."""

    def settle_all() -> None:
        for job in jobs:
            job.settle()

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle_all)
