"""What a command ends with, as one table: the first rule that applies."""

from perf_core.compare.comparison import RunComparison
from perf_core.model.run import RunInfo
from perf_core.model.verdict import Reason, Validity, Verdict

OK = 0
USAGE = 2
REGRESSED = 3
INCONCLUSIVE = 4
FAILED = 5
INVALID = 6


def exit_code(run: RunInfo, comparison: RunComparison, *, strict: bool = False) -> int:
    """Return the exit code of a judged run: 6, 3, 4 or 0. Wrong usage (2) and our own failures (5) are errors."""
    if Validity.INVALID in (run.validity, comparison.validity):
        return INVALID
    if comparison.verdict is Verdict.REGRESSED or comparison.broken_thresholds:
        return REGRESSED
    if run.lost_requests or any(event.kind == "worker_lost" for event in run.events):
        return INCONCLUSIVE
    if comparison.verdict is Verdict.INCONCLUSIVE and (strict or set(comparison.reasons) != {Reason.NOISE}):
        return INCONCLUSIVE
    return OK
