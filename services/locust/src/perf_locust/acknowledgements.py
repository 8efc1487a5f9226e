"""Who of the workers does what is set, who has not said so, and who refuses it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

AGAIN = 1.0
"""Seconds after which a worker that does not acknowledge is told again."""
PATIENCE = 2.0
"""Seconds in which a worker should acknowledge; then it is named."""


@dataclass(frozen=True, slots=True)
class _Sent:
    revision: int = 0
    seconds: float | None = None
    at: float = 0.0


@dataclass(slots=True)
class Acknowledgements:
    """The workers of one run, by name; times are those of a monotonic clock, in seconds.

    Attributes:
        revisions: the last revision that each of them acknowledged.
        refused: why a worker cannot do what is set now.
        silent: those that were named, and since when they owe an acknowledgement.
    """

    revisions: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    silent: dict[str, float] = field(default_factory=dict)
    _sent: dict[str, _Sent] = field(default_factory=dict)
    _owing: dict[str, float] = field(default_factory=dict)

    def missing(self, workers: Iterable[str], revision: int) -> tuple[str, ...]:
        """Return those that have not acknowledged this revision."""
        return tuple(each for each in workers if self.revisions.get(each, 0) < revision)

    def send(self, worker: str, revision: int, seconds: float | None, now: float) -> bool:
        """Return whether the worker is to be told, and note that it is."""
        sent = self._sent.get(worker, _Sent())
        has_it = self.revisions.get(worker, 0) >= revision or now - sent.at < AGAIN
        if sent.revision == revision and has_it and not _differ(sent.seconds, seconds):
            return False
        self._sent[worker] = _Sent(revision, seconds, now)
        return True

    def take(self, worker: str, revision: int, error: str) -> bool:
        """Note what a worker said; return whether it refuses for a reason that is new."""
        self.revisions[worker] = revision
        known = self.refused.get(worker)
        if error:
            self.refused[worker] = error
        return bool(error) and error != known

    def look(self, missing: Iterable[str], now: float) -> list[str]:
        """Return those that are named now: they owe an acknowledgement for too long."""
        self._owing = {each: self._owing.get(each, now) for each in missing}
        late = [each for each, since in self._owing.items() if now - since >= PATIENCE and each not in self.silent]
        self.silent |= {each: self._owing[each] for each in late}
        return late

    def heard(self) -> dict[str, float]:
        """Return those that were named and owe nothing any more, with the time since when they did."""
        back = {each: since for each, since in self.silent.items() if each not in self._owing}
        self.silent = {each: since for each, since in self.silent.items() if each in self._owing}
        return back


def _differ(known: float | None, seconds: float | None) -> bool:
    if known is None or seconds is None:
        return known is not seconds
    return abs(known - seconds) > 1e-3 * seconds
