"""Where readings come from: a master's snapshot route, else the statistics of a plain Locust."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from perf_core.errors import PerfError
from perf_core.model.snapshot import Snapshot
from perf_exporter.deadline import Deadline
from perf_exporter.master_door import Address, Visit
from perf_exporter.plain_stats import PlainStats
from perf_exporter.reading import Reading

SNAPSHOT = "/perf/snapshot"
STATISTICS = "/stats/requests"


class Source:
    """Reads one master, within a deadline, from any number of threads at once."""

    def __init__(
        self, find: Callable[[], Address], *, compat: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        """Ask `find` for the master's address before every reading; `compat` also reads Locust's own statistics."""
        self._find, self._compat, self._clock = find, compat, clock
        self._deadline: Deadline[Reading] = Deadline()
        self._cookies: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()
        self._stopped_at: float | None = None

    def read(self, seconds: float) -> Reading:
        """Return a reading.

        Raises:
            PerfError: there is none within `seconds`; the message says why and what to do.
        """
        address = self._find()
        with self._lock:
            cookies = dict(self._cookies.get(address.url, {}))
        visit = Visit(address, cookies, seconds)
        reading = self._deadline.call(lambda: self._visit(visit, address), visit.leave, seconds)
        with self._lock:
            self._cookies = {address.url: cookies}
        return reading if reading.recorded else self._aged(reading)

    def _visit(self, visit: Visit, address: Address) -> Reading:
        answer = visit.get(SNAPSHOT)
        if answer.status == 200:
            plain = _statistics(visit) if self._compat else None
            return Reading(Snapshot.from_json(answer.body), plain, recorded=True)
        if answer.status in {401, 403}:
            raise PerfError(f"{address.url} wants the bearer token of the master; set PERF_MASTER_TOKEN")
        if answer.status != 404:
            raise PerfError(f"{address.url}{SNAPSHOT} answers {answer.status}; see the master's log")
        plain = _statistics(visit)
        return Reading(plain.snapshot(), plain, recorded=False)

    def _aged(self, reading: Reading) -> Reading:
        """Tell when a plain Locust was first seen stopped: it does not say so itself."""
        now = self._clock()
        with self._lock:
            if reading.snapshot.state != "idle":
                self._stopped_at = None
            elif self._stopped_at is None:
                self._stopped_at = now
            return replace(reading, snapshot=replace(reading.snapshot, ended=self._stopped_at, now=now))


def fixed(address: Address) -> Callable[[], Address]:
    """Return a finder of a master whose address is known."""
    return lambda: address


def of_open_run(runs: Path, user: str, password: str) -> Callable[[], Address]:
    """Return a finder of the master of the run that is on, by the `master.json` in the newest open run's folder."""

    def find() -> Address:
        found = sorted(runs.glob("*/master.json"), key=lambda path: path.parent.name)
        if not found:
            raise PerfError(f"no run is on in {runs}; start one, or name a master with --master")
        try:
            document = json.loads(found[-1].read_text(encoding="utf-8"))
            return Address(str(document["url"]), str(document["token"]), user, password)
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise PerfError(f"{found[-1]} cannot be read ({cause}); name a master with --master") from cause

    return find


def _statistics(visit: Visit) -> PlainStats:
    answer = visit.get(STATISTICS)
    if answer.status != 200:
        raise PerfError(
            f"{STATISTICS} answers {answer.status}; does --master name Locust's web UI, with its base path?"
        )
    return PlainStats.from_json(answer.body)
