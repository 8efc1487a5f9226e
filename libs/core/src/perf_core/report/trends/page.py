"""The view model of a history: strings for the template."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from perf_core.model.run import RunInfo
from perf_core.report.charts.axis import ticks, x_axis, y_axis
from perf_core.report.charts.chart import Chart, Line, Marker, Tick, axis_ticks, path
from perf_core.report.outside import printable_name
from perf_core.report.trends.history import History
from perf_core.report.trends.trend import Trend, format_value, trends_of

_DATES = 5
_LOWEST_TOP = {"latency": 1e-3, "rate": 1.0, "share": 0.01}
"""What an axis reaches at least, by the kind of a trend: nothing but zeros needs a scale too."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of one figure."""

    figure: str
    run: str
    at: str
    before: str
    after: str
    change: str
    direction: str


@dataclass(frozen=True, slots=True)
class HistoryContext:
    """What is said and drawn of a scenario's history."""

    scenario: str
    summary: str
    changes: tuple[ChangeRow, ...]
    charts: tuple[Chart, ...]


def history_context(history: History, *, endpoints: bool = True) -> HistoryContext:
    """Return the view model; without `endpoints` only the run's figures and those that changed are drawn."""
    trends = trends_of(history)
    changes = tuple(row for trend in trends for row in change_rows(trend))
    drawn = [trend for at, trend in enumerate(trends) if endpoints or at < 3 or trend.changes]
    count, coarse = len(history.runs), sum(bool(run.info.low_resolution) for run in history.runs)
    found = f"{len(changes)} change{'' if len(changes) == 1 else 's'} of level" if changes else "no change of level"
    return HistoryContext(
        printable_name(history.scenario),
        f"{count} run{'' if count == 1 else 's'}{f' ({coarse} of low resolution)' if coarse else ''}, {found}"
        + ("" if count >= 6 else "; it takes six runs to see one"),
        changes,
        tuple(_chart(trend) for trend in drawn),
    )


def change_rows(trend: Trend) -> tuple[ChangeRow, ...]:
    """Return the changes of one figure as strings."""
    return tuple(
        ChangeRow(
            printable_name(trend.name),
            printable_name(each.run.id) + (" (low resolution)" if each.run.low_resolution else ""),
            _day(each.run),
            each.before,
            each.after,
            each.change,
            "worse" if each.worse else "better",
        )
        for each in trend.changes
    )


def _chart(trend: Trend) -> Chart:
    values = np.array(trend.values)
    places = np.arange(len(values), dtype=np.float64)
    across, up = (
        x_axis(0.0, float(max(len(values) - 1, 1))),
        y_axis(0.0, float(max(values.max() * 1.1, _LOWEST_TOP[trend.kind]))),
    )
    dated = sorted({round(at) for at in np.linspace(0, len(values) - 1, min(_DATES, len(values)))})
    marks = {each.run.id: each for each in trend.changes}
    return Chart(
        title=printable_name(trend.name),
        description=f"{printable_name(trend.name)} of {len(values)} runs, oldest first, with changes of level.",
        x_ticks=tuple(Tick(str(across.pixel(at)), _day(trend.runs[at])[5:]) for at in dated),
        y_ticks=axis_ticks(up, ticks(up, 4), lambda value: format_value(trend.kind, value)),
        lines=(Line(path(across, up, places, values), "current", ""),),
        markers=tuple(
            Marker(str(across.pixel(at)), f"{marks[run.id].change} since {printable_name(run.id)}")
            for at, run in enumerate(trend.runs)
            if run.id in marks
        ),
    )


def _day(run: RunInfo) -> str:
    return "-" if run.started is None else datetime.fromtimestamp(run.started, UTC).strftime("%Y-%m-%d")
