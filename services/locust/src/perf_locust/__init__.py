"""Locust plugin of perf-platform: `register(environment)` records, judges and reports every run of that Locust."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locust.env import Environment

__all__ = ["register"]


def register(environment: "Environment") -> None:
    """Make this Locust record, judge and report its runs; call it from an `init` listener, as often as you like.

    Raises:
        UsageError: a setting makes no sense, or this Locust is not supported.
    """
    from perf_locust.plugin import register as wire  # noqa: PLC0415  Locust patches the process when it is imported

    wire(environment)
