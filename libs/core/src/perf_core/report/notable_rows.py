"""Where to look next: the slowest and the first failed requests of an endpoint, as strings."""

from dataclasses import dataclass
from datetime import UTC, datetime

from perf_core.model.endpoint import EndpointKey
from perf_core.model.notable import NotableRequest, first_failed, slowest
from perf_core.model.series import Recording
from perf_core.report.charts.axis import clock_text
from perf_core.report.charts.timeline import run_start
from perf_core.report.outside import printable, printable_name
from perf_core.units import format_latency

_LATEST = 4e9


@dataclass(frozen=True, slots=True)
class NotableRow:
    """One request; `start` is its time of day (UTC) and how far into the run it was."""

    kind: str
    start: str
    latency: str
    status: str
    request_id: str
    text: str


def notable_rows(recording: Recording, key: EndpointKey, most: int) -> tuple[NotableRow, ...]:
    """Return at most `most` of the slowest, then as many of the first failed requests."""
    series = recording.endpoints.get(key)
    if series is None:
        return ()
    begun = run_start(recording)
    chosen = (("slowest", slowest(series.notables)), ("failed", first_failed(series.notables)))
    return tuple(_row(kind, each, begun) for kind, found in chosen for each in found[:most])


def _row(kind: str, each: NotableRequest, begun: float) -> NotableRow:
    moment = datetime.fromtimestamp(min(max(each.start, 0.0), _LATEST), UTC).strftime("%H:%M:%S.%f")[:-3]
    return NotableRow(
        kind,
        f"{moment} ({clock_text(max(each.start - begun, 0.0))})",
        format_latency(each.latency),
        str(each.status) if each.status else "-",
        printable_name(each.request_id) or "-",
        printable(f"{each.error_class} {each.text}".strip(), 200),
    )
