"""What people changed in a run, in words: its events, and what is told to who comes too late."""

import time
from dataclasses import dataclass, field

from perf_core.model.run import Interval
from perf_locust.pace import Pace
from perf_locust.run_session import RunSession

SETTLED = 2.0
"""Seconds from a change until the load is what was set; they are not compared."""
TOLD = 3
"""Changes that somebody who comes too late is told of."""


@dataclass(frozen=True, slots=True)
class _Change:
    revision: int
    sentence: str


@dataclass(slots=True)
class PaceJournal:
    """The changes of one run."""

    _changes: list[_Change] = field(default_factory=list)

    def note(self, session: RunSession, before: Pace, after: Pace) -> None:
        """Enter a change into the run, as events and as a stretch that is not compared."""
        by, said = f" by {after.by}" if after.by else "", list[str]()
        if (before.seconds, before.rate) != (after.seconds, after.rate):
            begun = "" if after.shaped or (after.seconds is None and after.rate is None) else after.told()
            said.append(f"pacing: {before.told()} -> {after.told()}")
            session.happened("pacing_changed", f"{said[-1]}{by}", begun)
        if after.users != before.users:
            said.append(self._users(session, after, by))
        if (before.tasks, before.sources) != (after.tasks, after.sources):
            begun = f"mix {_mix_told(after)}" if after.tasks or after.sources else ""
            said.append(f"mix: {_mix_told(after)}")
            session.happened("mix_changed", f"{said[-1]}{by}", begun)
        self._changes.append(_Change(after.revision, f"{after.by or 'somebody'} set {'; '.join(said) or 'it again'}"))
        now = time.time()
        session.unsettled(Interval(now - 1.0, now + SETTLED))

    def since(self, revision: int) -> str:
        """Return what was changed after a revision, the last things last."""
        return ", then ".join([each.sentence for each in self._changes if each.revision > revision][-TOLD:])

    def _users(self, session: RunSession, after: Pace, by: str) -> str:
        if after.users is None:
            session.happened("users_changed", f"users: as many as the load shape says{by}", "")
            return "users: as many as the load shape says"
        begun = "" if after.users == session.info.users else f"{after.users} users"
        session.happened("users_changed", f"users: {after.users} are asked for{by}", begun)
        return f"users: {after.users} are asked for"


def _mix_told(pace: Pace) -> str:
    parts = [f"{name} {weight:g}" for name, weight in pace.tasks.items()]
    parts += [f"{mix}.{name} {weight:g}" for mix, each in pace.sources.items() for name, weight in each.items()]
    return ", ".join(parts) or "as the locustfile has it"
