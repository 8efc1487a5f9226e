"""The only thread that writes: what arrives while a commit is on its way to the disk shares the next one."""

import asyncio
import sqlite3
import threading
from queue import Empty, SimpleQueue
from typing import Any

from perf_api.adapters.sqlite.jobs import Job, Work, deliver, unavailable


class Writer:
    """Runs work in transactions of up to `group_limit` jobs (group commit); acknowledges after the commit.

    Each job has a savepoint: one that fails changes nothing and does not touch its neighbours.
    """

    def __init__(self, connection: sqlite3.Connection, group_limit: int) -> None:
        """Start the thread."""
        self._connection, self._group_limit = connection, group_limit
        self._arrived: list[Job] = []
        self._queue: SimpleQueue[list[Job] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def do(self, work: Work) -> Any:
        """Run work and return what it returns, once that is on the disk."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        if not self._arrived:
            # Everything that the tasks of this turn of the loop want to write goes over together.
            loop.call_soon(self._hand_over)
        self._arrived.append(Job(work, waiter))
        return await waiter

    def stop(self) -> None:
        """Write what is queued, then end the thread."""
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def _hand_over(self) -> None:
        if self._arrived:
            self._queue.put(self._arrived)
            self._arrived = []

    def _serve(self) -> None:
        going_on = True
        while going_on:
            jobs, going_on = self._collect()
            for begin in range(0, len(jobs), self._group_limit):
                group = jobs[begin : begin + self._group_limit]
                self._write(group)
                deliver(group[0].waiter.get_loop(), group)

    def _collect(self) -> tuple[list[Job], bool]:
        """Wait for jobs; return all that are there, and whether more may come."""
        arrived, jobs = self._queue.get(), list[Job]()
        while arrived is not None:
            jobs += arrived
            if len(jobs) >= self._group_limit:
                return jobs, True
            try:
                arrived = self._queue.get_nowait()
            except Empty:
                return jobs, True
        return jobs, False

    def _write(self, group: list[Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in group:
                self._one(job)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for job in group:
                job.outcome = unavailable(error)

    def _one(self, job: Job) -> None:
        self._connection.execute("SAVEPOINT job")
        job.run(self._connection)
        if isinstance(job.outcome, Exception):
            # A full disk ends the whole transaction: this raises then, and with it the group fails.
            self._connection.execute("ROLLBACK TO job")
        self._connection.execute("RELEASE job")
