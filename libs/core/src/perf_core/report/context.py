"""The view model of the HTML report: only strings, so that the template has nothing to decide or compute."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from perf_core.compare.blocks import are_interleaved
from perf_core.compare.comparison import EndpointComparison, RunComparison
from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import Histogram
from perf_core.model.notable import KEPT
from perf_core.model.run import RunInfo
from perf_core.model.series import Recording
from perf_core.model.verdict import Reason, RunState
from perf_core.report.beside import NOTHING_BESIDE, Beside
from perf_core.report.charts.axis import clock_text
from perf_core.report.charts.chart import Chart
from perf_core.report.charts.distribution import cumulative_chart, shift_chart
from perf_core.report.charts.gauges import gauge_charts
from perf_core.report.charts.timeline import latency_chart, run_start, throughput_chart, told_events
from perf_core.report.errors_table import ErrorTable, error_table
from perf_core.report.facts import Fact, method_sentences, run_facts
from perf_core.report.notable_rows import NotableRow, notable_rows
from perf_core.report.outside import printable
from perf_core.report.rows import FIGURE_TITLES, EndpointRow, endpoint_row
from perf_core.report.target import TargetContext, target_context
from perf_core.report.trends.history import History
from perf_core.report.trends.page import HistoryContext, history_context
from perf_core.report.waits import WaitContext, wait_context
from perf_core.report.words import headline, in_stage, verdict_symbol, verdict_word
from perf_core.units import format_ratio_change

log = logging.getLogger(__name__)
T = TypeVar("T")

_EVENTS = 100
_ENDPOINTS_WITH_ALL = 40
_NOTABLES_OF_MANY = 3
_ROWS = 400
_WITHOUT_DRAWINGS = "are in the table above, without drawings"
DRAWN = 250
"""Endpoints with drawings, most severe first: keeps the file under 3 MB."""


@dataclass(frozen=True, slots=True)
class EndpointPanel:
    """One endpoint's row and drawings."""

    row: EndpointRow
    charts: tuple[Chart, ...]
    notables: tuple[NotableRow, ...]
    open: bool
    """Unfolded from the start: what needs a look."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened, with the number it has in the drawings (empty when it is not drawn)."""

    number: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class ReportContext:
    """Everything the section prints."""

    headline: str
    symbol: str
    style: str
    explanation: str
    facts: tuple[Fact, ...]
    remarks: tuple[str, ...]
    figure_titles: tuple[str, ...]
    rows: tuple[EndpointRow, ...]
    more_rows: str
    has_baseline: bool
    run_wide: tuple[str, ...]
    panels: tuple[EndpointPanel, ...]
    not_drawn: str
    errors: ErrorTable
    over_time: tuple[Chart, ...]
    events: tuple[EventRow, ...]
    history: HistoryContext | None
    target: TargetContext | None
    waits: WaitContext | None
    method: tuple[str, ...]


class _Shown:
    """Makes parts of the report one by one: a part that cannot be made is told, the others are shown."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def part(self, name: str, work: Callable[[], T], otherwise: T) -> T:
        """Return the part, or what stands for it."""
        try:
            return work()
        except Exception as cause:  # whatever is wrong with one part, the rest is worth reading
            log.exception("report.part_failed: %s", name)
            self.problems.append(f"Not shown: {name} ({type(cause).__name__}: {printable(str(cause), 200)})")
            return otherwise


def build_context(
    comparison: RunComparison, current: Recording, baseline: Recording | None, beside: Beside = NOTHING_BESIDE
) -> ReportContext:
    """Return the view model of a judged run, or of a run alone."""
    running, shown = current.info.state is RunState.RUNNING, _Shown()
    panels = tuple(
        shown.part(str(each.key), partial(_panel, each, comparison, current, baseline), _bare_panel(each))
        for each in comparison.endpoints[:DRAWN]
    )
    nothing: tuple[Chart, ...] = ()
    over_time = shown.part("what happened over time", lambda: _over_time(current, baseline), nothing)
    errors = shown.part("errors", lambda: error_table(current, baseline), ErrorTable((), (), ""))
    history = shown.part("history", lambda: _history(beside.history), None)
    old = baseline.info if baseline else None
    target = shown.part("the target", lambda: target_context(beside.target, current, beside.target_before, old), None)
    waits = shown.part("latency from the intended start", lambda: wait_context(current), None)
    return ReportContext(
        headline=f"RUN NOT FINISHED {printable(current.info.scenario)}" if running else headline(comparison),
        symbol=verdict_symbol(comparison.verdict),
        style="running" if running else verdict_word(comparison.verdict).lower().replace(" ", "-"),
        explanation=printable(comparison.explanation, 2000),
        facts=run_facts(comparison, current.info, baseline.info if baseline else None),
        remarks=(*shown.problems, *(printable(text) for text in beside.missing), *_remarks(comparison, current.info)),
        figure_titles=FIGURE_TITLES,
        rows=tuple(endpoint_row(each) for each in comparison.endpoints[:_ROWS]),
        more_rows=_more(len(comparison.endpoints) - _ROWS, "are not listed; comparison.json has them"),
        has_baseline=comparison.baseline is not None,
        run_wide=_run_wide(comparison),
        panels=panels,
        not_drawn=_more(len(comparison.endpoints) - len(panels), _WITHOUT_DRAWINGS),
        errors=errors,
        over_time=over_time,
        events=_events(current),
        history=history,
        target=target,
        waits=waits,
        method=method_sentences(comparison, in_turns=old is not None and are_interleaved(current.info, old)),
    )


def with_fewer_panels(context: ReportContext) -> ReportContext:
    """Return the view model with its more severe panels; the tables keep all endpoints."""
    kept = context.panels[: len(context.panels) * 3 // 4]
    return replace(context, panels=kept, not_drawn=_more(len(context.rows) - len(kept), _WITHOUT_DRAWINGS))


def _more(count: int, what: str) -> str:
    return f"{count} more endpoints {what}" if count > 0 else ""


def _history(history: History | None) -> HistoryContext | None:
    return None if history is None or len(history.runs) < 2 else history_context(history, endpoints=False)


def _bare_panel(endpoint: EndpointComparison) -> EndpointPanel:
    return EndpointPanel(endpoint_row(endpoint), (), (), open=False)


def _remarks(comparison: RunComparison, info: RunInfo) -> tuple[str, ...]:
    broken = [f"Threshold broken: {text}" for text in comparison.broken_thresholds]
    validity = [f"{comparison.validity.value}: {reason}" for reason in info.validity_reasons]
    lost = [f"{info.lost_requests:,} requests are known to be lost"] if info.lost_requests else []
    rejected = [f"{info.rejected_samples:,} latencies were no numbers and left out"] if info.rejected_samples else []
    remarks = [*broken, *validity, *lost, *rejected, *comparison.warnings]
    return tuple(printable(text, 600) for text in remarks)


def _run_wide(comparison: RunComparison) -> tuple[str, ...]:
    return tuple(
        f"{in_stage(shift.quantile, shift.stage)} {format_ratio_change(shift.ratio)} "
        f"({format_ratio_change(shift.low)} to {format_ratio_change(shift.high)})"
        + (", flagged" if shift.flagged else "")
        for shift in comparison.run_wide
    )


def _panel(
    endpoint: EndpointComparison, comparison: RunComparison, current: Recording, baseline: Recording | None
) -> EndpointPanel:
    trimmed = comparison.trimmed_seconds
    before, after = _compared(baseline, endpoint.key, trimmed), _compared(current, endpoint.key, trimmed)
    charts: list[Chart | None] = []
    coarse = Reason.LOW_RESOLUTION in comparison.reasons
    if not coarse and (before.total or after.total):
        charts = [cumulative_chart(before, after, endpoint), shift_chart(before, after, endpoint)]
    if endpoint.key in current.endpoints and not current.info.low_resolution:
        charts.append(latency_chart(current.endpoints[endpoint.key].ok, current))
    row = endpoint_row(endpoint)
    drawn = tuple(chart for chart in charts if chart is not None)
    few = len(comparison.endpoints) <= _ENDPOINTS_WITH_ALL
    notables = notable_rows(current, endpoint.key, KEPT if few else _NOTABLES_OF_MANY)
    return EndpointPanel(
        row, drawn, notables, open=row.verdict in {"REGRESSED", "IMPROVED"} or len(comparison.endpoints) <= 4
    )


def _compared(recording: Recording | None, key: EndpointKey, trimmed: float) -> Histogram:
    """Return the histogram of the part that was compared: answered requests without the ramp-up."""
    if recording is None or key not in recording.endpoints:
        return Histogram.empty()
    first = int(run_start(recording) + trimmed + 0.999) if trimmed else None
    return recording.endpoints[key].ok.histogram(first)


def _over_time(current: Recording, baseline: Recording | None) -> tuple[Chart, ...]:
    throughput = throughput_chart(current, baseline if baseline and _tells_seconds(baseline) else None)
    if not _tells_seconds(current):
        throughput = None
    return (*([throughput] if throughput else []), *gauge_charts(current))


def _tells_seconds(run: Recording) -> bool:
    """Return whether it is known when the requests of a run were made."""
    return not run.info.low_resolution or any(each.ok.seconds.size > 1 for each in run.endpoints.values())


def _events(current: Recording) -> tuple[EventRow, ...]:
    start, drawn = run_start(current), told_events(current.info)
    numbers = {id(event): str(number) for number, event in enumerate(drawn, 1)}
    return tuple(
        EventRow(numbers.get(id(event), ""), clock_text(event.at - start), printable(event.text, 200))
        for event in current.info.events[:_EVENTS]
    )
