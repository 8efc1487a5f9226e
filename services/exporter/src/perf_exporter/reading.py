"""What one scrape learned of a master."""

from dataclasses import dataclass

from perf_core.model.snapshot import Snapshot
from perf_exporter.plain_stats import PlainStats


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of a master.

    Attributes:
        snapshot: counters and readings; of a plain Locust, what its statistics have of them.
        plain: Locust's own statistics; None when nobody asked for them.
        recorded: whether our plugin answered, with histograms and without loss; else it is a plain Locust.
    """

    snapshot: Snapshot
    plain: PlainStats | None
    recorded: bool
