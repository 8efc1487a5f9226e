"""The threads that read: a long report does not hold up the others, and nothing uncommitted is seen."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Any

from perf_api.adapters.sqlite.jobs import Job, Work, deliver

_STEPS_BETWEEN_CHECKS = 20_000


class Readers:
    """One thread per connection; a query whose caller has given up is broken off."""

    def __init__(self, connections: Sequence[sqlite3.Connection]) -> None:
        """Start the threads."""
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, args=(connection,), name=f"sqlite-reader-{number}", daemon=True)
            for number, connection in enumerate(connections)
        ]
        for thread in self._threads:
            thread.start()

    async def do(self, work: Work) -> Any:
        """Run work and return what it returns."""
        waiter = asyncio.get_running_loop().create_future()
        self._queue.put(Job(work, waiter))
        return await waiter

    def stop(self) -> None:
        """Answer what is queued, then end the threads."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self, connection: sqlite3.Connection) -> None:
        while (job := self._queue.get()) is not None:
            if job.waiter.cancelled():
                continue
            connection.set_progress_handler(job.waiter.cancelled, _STEPS_BETWEEN_CHECKS)
            job.run(connection)
            deliver(job.waiter.get_loop(), [job])
