"""Judging a run against its baseline."""

from perf_core.compare.gate import compare_runs as compare_runs
from perf_core.compare.policy import DEFAULT as DEFAULT
from perf_core.compare.policy import ComparisonPolicy as ComparisonPolicy
