"""What a report shows beside the comparison: links, history, and what was read of the target."""

from dataclasses import dataclass

from perf_core.model.series import GaugeSeries
from perf_core.report.links import Link
from perf_core.report.trends.history import History


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """All of it may be missing.

    Attributes:
        history: of the scenario, with this run as its last.
        target: what was read of the target during this run.
        target_before: the same during the baseline.
        missing: sentences on what could not be read.
    """

    links: tuple[Link, ...] = ()
    history: History | None = None
    target: tuple[GaugeSeries, ...] = ()
    target_before: tuple[GaugeSeries, ...] = ()
    missing: tuple[str, ...] = ()


NOTHING_BESIDE = Beside()
