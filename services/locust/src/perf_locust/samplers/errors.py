"""The error of a source of test data."""

from perf_core.errors import PerfError


class DataError(PerfError):
    """Raised when test data cannot be used; the message names file, line and column, and the remedy."""
