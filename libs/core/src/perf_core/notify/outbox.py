"""The outbox: one small file per run and channel, there from the end of the run until long after it was delivered.

An entry names a run, not a text: the message is made from the run folder when it is sent, so it tells the comparison
last stored. A delivered entry stays, so that a finish that is done twice sends nothing twice.
"""

import fcntl
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from perf_core.errors import DamagedRunError, RunStoreError
from perf_core.runstore.atomic import write_atomically

log = logging.getLogger(__name__)

FOLDER = "outbox"
FIRST_DELAY = 5.0
"""Seconds between the first failure and the second attempt; every further delay is twice as long."""
LONGEST_DELAY = 3600.0
KEPT_TRYING = 7 * 86400.0
"""Seconds after which nobody waits for the message any more; an explicit resend still works."""


class Channel(StrEnum):
    """How people are told."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One message of one run. Times are Unix seconds.

    Attributes:
        attempts: how often it was tried.
        next_at: not tried again before; None once it was given up.
        sent_at: when the other side took it; None while it waits.
        error: why the last attempt failed, or who did not get it.
    """

    run_id: str
    channel: Channel
    created_at: float
    attempts: int = 0
    next_at: float | None = 0.0
    sent_at: float | None = None
    error: str = ""

    def is_due(self, now: float) -> bool:
        """Return whether it should be tried; a clock that was set back delays nothing for longer than an hour."""
        if self.sent_at is not None or self.next_at is None:
            return False
        return self.next_at <= now or self.next_at > now + LONGEST_DELAY

    def delivered(self, now: float, error: str = "") -> "OutboxEntry":
        """Return the entry after a delivery."""
        return replace(self, attempts=self.attempts + 1, sent_at=now, next_at=None, error=error)

    def asked_again(self, now: float) -> "OutboxEntry":
        """Return the entry to be sent once more, delivered or given up as it may be."""
        return replace(self, created_at=now, next_at=now, sent_at=None)

    def failed(self, now: float, error: str, first_delay: float = FIRST_DELAY) -> "OutboxEntry":
        """Return the entry after a failure: tried again after twice the delay before, for a week."""
        delay = min(first_delay * 2.0 ** min(self.attempts, 30), LONGEST_DELAY)
        late = now + delay > self.created_at + KEPT_TRYING
        return replace(self, attempts=self.attempts + 1, next_at=None if late else now + delay, error=error)


@dataclass(frozen=True, slots=True)
class Outbox:
    """The entries below `root`, the folder of all runs."""

    root: Path

    def enqueue(self, run_id: str, channel: Channel, now: float) -> OutboxEntry:
        """Return the entry of the run and channel; a new one only when there is none, delivered ones included.

        Raises:
            RunStoreError: the folder cannot be written.
        """
        return self.read(run_id, channel) or self.write(OutboxEntry(run_id, channel, now))

    def read(self, run_id: str, channel: Channel) -> OutboxEntry | None:
        """Return the entry, None when there is none or its file is damaged (then it is as if never made)."""
        path = self._path(run_id, channel)
        try:
            return _entry(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, DamagedRunError) as cause:
            log.warning("outbox.unreadable: %s: %s", path, cause)
            return None

    def write(self, entry: OutboxEntry) -> OutboxEntry:
        """Store the entry and return it; nobody needs to wait for a message that is delivered."""
        path = self._path(entry.run_id, entry.channel)
        write_atomically(path, (json.dumps(asdict(entry), indent=2) + "\n").encode())
        if entry.sent_at is not None:
            self._lock_path(entry.run_id, entry.channel).unlink(missing_ok=True)
        return entry

    def remove(self, run_id: str) -> None:
        """Forget a run that is gone."""
        for channel in Channel:
            for path in (self._path(run_id, channel), self._lock_path(run_id, channel)):
                path.unlink(missing_ok=True)

    def entries(self) -> list[OutboxEntry]:
        """Return all entries, oldest first."""
        found = []
        for path in sorted((self.root / FOLDER).glob("*.json")):
            run_id, _, channel = path.stem.rpartition(".")
            if channel in set(Channel) and (entry := self.read(run_id, Channel(channel))) is not None:
                found.append(entry)
        return sorted(found, key=lambda entry: (entry.created_at, entry.run_id, entry.channel))

    @contextmanager
    def locked(self, run_id: str, channel: Channel) -> Iterator[None]:
        """Let one process at a time try a message; the lock of a killed process is free.

        Raises:
            RunStoreError: the folder cannot be written.
        """
        path = self._lock_path(run_id, channel)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("wb")
        except OSError as cause:
            raise RunStoreError(
                f"cannot write {path} ({cause.strerror}); make the folder of the runs writable"
            ) from cause
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, run_id: str, channel: Channel) -> Path:
        return self.root / FOLDER / f"{run_id}.{channel}.json"

    def _lock_path(self, run_id: str, channel: Channel) -> Path:
        return self.root / FOLDER / f".{run_id}.{channel}.lock"


def _entry(raw: Any) -> OutboxEntry:
    try:
        known = {name: raw[name] for name in OutboxEntry.__dataclass_fields__ if name in raw}
        return OutboxEntry(**{**known, "channel": Channel(raw["channel"])})
    except (KeyError, TypeError, ValueError) as cause:
        raise DamagedRunError(f"not an entry of the outbox ({cause}); remove the file") from cause
