"""What a dashboard is, apart from how Grafana writes it down."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a panel draws; the values are Grafana's names."""

    STAT = "stat"
    LINES = "timeseries"
    HEATMAP = "heatmap"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Query:
    """One question to Prometheus and the legend of its answers, e.g. ``{{name}}``."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture.

    Attributes:
        title: what is shown.
        description: what it tells, in a sentence or two.
        unit: Grafana's name of the unit: s, reqps, percentunit, bytes, Bps, short, none.
        queries: what is asked.
        kind: how it is drawn.
        width: columns of 24.
        stacked: lines are parts of a whole.
        by_name: a stat shows the legend instead of the value: for states.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = Kind.LINES
    width: int = 12
    stacked: bool = False
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and the panels under it."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page; `anchor` is the metric whose labels the variables namespace and job are filled from."""

    uid: str
    title: str
    description: str
    anchor: str
    rows: tuple[Row, ...]
    refresh: str = "10s"
