"""Who takes part in the open run, who is out of reach, and how each of them left."""

import time
from dataclasses import dataclass, field

from locust import runners
from locust.runners import STATE_INIT, STATE_MISSING, MasterRunner

from perf_locust.messages import MASTER
from perf_locust.process_id import is_dead
from perf_locust.run_session import RunSession

SILENCE = 4
"""Heartbeats, one a second, whose absence makes a worker count as out of reach."""


SILENT = 5
"""Reports in a row, one a second, in which a worker has users and sends no samples, before the run says so."""


@dataclass(slots=True)
class _Attendant:
    process: str = ""
    silent: int = 0
    away_since: float | None = None
    drained: int | None = None
    """Frames it has cut, once it said so."""


@dataclass(slots=True)
class Attendance:
    """The workers of one run as its master knows them."""

    runner: MasterRunner
    session: RunSession
    absence_seconds: float
    _workers: dict[str, _Attendant] = field(default_factory=dict)
    _told_left: set[str] = field(default_factory=set)

    def note_process(self, worker: str, process: str) -> None:
        """Note which process a worker is."""
        self._of(worker).process = process

    def note_report(self, worker: str, users: int, *, frames: bool) -> None:
        """Note a stats report: a worker whose users ask and whose requests nobody records must not go unseen."""
        attendant = self._of(worker)
        attendant.silent = 0 if frames or not users else attendant.silent + 1
        if attendant.silent == SILENT and worker not in self.session.ledger.workers:
            self.session.silent(worker)

    def note_drained(self, worker: str, frames: int) -> None:
        """Note that a worker has stopped its users, and how many frames it has cut in all."""
        attendant = self._of(worker)
        attendant.drained = frames
        if attendant.silent and not frames:
            self.session.silent(worker)

    def look(self) -> None:
        """Notice who died, who is out of reach and who is back."""
        for worker in self._taking_part():
            attendant = self._of(worker)
            if self.done(worker):
                self._tell_left(worker)
            elif attendant.process and is_dead(attendant.process):
                self.session.lost(worker, "was killed")
                self._give_up(worker)
            elif self.within_reach(worker):
                self._back(worker, attendant)
            else:
                self._away(worker, attendant)

    def unfinished(self) -> tuple[str, ...]:
        """Return the workers that may still have samples of this run."""
        return tuple(each for each in self._taking_part() if not self.done(each) and not self.session.is_lost(each))

    def done(self, worker: str) -> bool:
        """Return whether everything that the worker recorded is here."""
        drained = self._of(worker).drained
        return drained is not None and not self.session.ledger.missing(worker, drained)

    def within_reach(self, worker: str) -> bool:
        """Return whether the worker answers."""
        node = self.runner.clients.get(worker)
        if node is None or node.state == STATE_MISSING:
            return False
        return bool(runners.HEARTBEAT_LIVENESS - node.heartbeat <= SILENCE)

    def _taking_part(self) -> tuple[str, ...]:
        started = {node.id for node in self.runner.clients.all if node.state not in {STATE_INIT, STATE_MISSING}}
        known = {worker for worker in self.session.ledger.workers if not worker.startswith(MASTER)}
        return tuple(sorted({*known, *self._workers, *started}))

    def _of(self, worker: str) -> _Attendant:
        return self._workers.setdefault(worker, _Attendant())

    def _away(self, worker: str, attendant: _Attendant) -> None:
        now = time.monotonic()
        if attendant.away_since is None:
            attendant.away_since = now
            self.session.happened("worker_away", f"{worker} is out of reach")
        elif now - attendant.away_since > self.absence_seconds:
            self.session.lost(worker, f"was out of reach for {self.absence_seconds:.0f} s")

    def _back(self, worker: str, attendant: _Attendant) -> None:
        if attendant.away_since is not None:
            seconds = time.monotonic() - attendant.away_since
            attendant.away_since = None
            self.session.happened("worker_back", f"{worker} is back after {seconds:.0f} s")

    def _tell_left(self, worker: str) -> None:
        if worker not in self._told_left and not self.session.over:
            self._told_left.add(worker)
            self.session.happened("worker_left", f"{worker} has left, with nothing lost")

    def _give_up(self, worker: str) -> None:
        """Let Locust know at its next look what it would find out by itself much later."""
        node = self.runner.clients.get(worker)
        if node is not None and node.state != STATE_MISSING:
            node.heartbeat = -1
