"""The history of a scenario: what changed its level, and with which run."""

from perf_core.report.trends.history import History, scenario_history, with_run
from perf_core.report.trends.trend import Change, Trend, trends_of

__all__ = ["Change", "History", "Trend", "scenario_history", "trends_of", "with_run"]
