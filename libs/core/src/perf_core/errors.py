"""The errors of perf-platform, each with the exit code its command ends with.

    PerfError                 something the user can act on; exit code 5
    |- UsageError             an option or setting that makes no sense; exit code 2
    |- RunStoreError          a run folder that is missing, damaged or not writable
    |  |- RunNotFoundError
    |  `- DamagedRunError
    |- BaselineError          a baseline that cannot be used
    |- EmptyHistogramError    a statistic of no requests was asked for
    |- ResultsError           results of another tool that cannot be imported
    |- ReportError            a report that cannot be rendered
    `- DeliveryError          a mail or webhook that was not accepted; never changes a verdict

A message says what happened, with values, then the remedy, and has no trailing dot.
"""


class PerfError(Exception):
    """Raised when something went wrong that the user can act on."""

    exit_code = 5


class UsageError(PerfError):
    """Raised when an option or a setting makes no sense."""

    exit_code = 2


class RunStoreError(PerfError):
    """Raised when a run folder cannot be read or written."""


class RunNotFoundError(RunStoreError):
    """Raised when there is no run of that id."""


class DamagedRunError(RunStoreError):
    """Raised when a file of a run is not what was written."""


class BaselineError(PerfError):
    """Raised when a baseline cannot be used."""


class EmptyHistogramError(PerfError):
    """Raised when a statistic of no requests is asked for."""


class ResultsError(PerfError):
    """Raised when the results of another tool cannot be imported."""


class ReportError(PerfError):
    """Raised when a report cannot be rendered."""


class DeliveryError(PerfError):
    """Raised when a mail or webhook was not accepted by its server."""
