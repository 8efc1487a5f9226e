"""What a recording holds: immutable, so that a scrape in another thread never sees half of a change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

QUANTILES = (0.5, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class QueueReading:
    """Tasks that wait in a queue at one moment."""

    queue: str
    length: int


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The readings of one queue: the newest length, and how often each length was read."""

    length: int
    counts: Mapping[int, int]

    @property
    def readings(self) -> int:
        """Return how many readings there were."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> int:
        """Return the smallest length that at least `share`, in (0, 1], of the readings did not exceed."""
        needed, seen = share * self.readings, 0
        for length in sorted(self.counts):
            seen += self.counts[length]
            if seen >= needed:
                return length
        return self.length


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording from its start on; `run_id` names the run it belongs to, if the starter said so."""

    run_id: str | None = None
    active_seconds: float = 0.0
    paused_seconds: float = 0.0
    dropped: int = 0
    """Readings that came while the recording was paused."""
    queues: Mapping[str, QueueFigures] = field(default_factory=lambda: MappingProxyType({}))

    def plus(self, reading: QueueReading) -> "Recorded":
        """Return the recording with one more reading."""
        before = self.queues.get(reading.queue)
        counts = dict(before.counts) if before else {}
        counts[reading.length] = counts.get(reading.length, 0) + 1
        figures = QueueFigures(reading.length, MappingProxyType(counts))
        return replace(self, queues=MappingProxyType({**self.queues, reading.queue: figures}))

    def plus_dropped(self) -> "Recorded":
        """Return the recording with one more dropped reading."""
        return replace(self, dropped=self.dropped + 1)

    def plus_active(self, seconds: float) -> "Recorded":
        """Return the recording after it was active for `seconds` more."""
        return replace(self, active_seconds=self.active_seconds + seconds)

    def plus_paused(self, seconds: float) -> "Recorded":
        """Return the recording after it was paused for `seconds` more."""
        return replace(self, paused_seconds=self.paused_seconds + seconds)
