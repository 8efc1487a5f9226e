"""Locust plugin of perf-platform: `register(environment)` records, judges and reports every run of that Locust."""

from perf_locust.plugin import register

__all__ = ["register"]
