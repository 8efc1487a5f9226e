"""A run that is made from a file: what was met in it, and the facts it becomes."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from perf_core.errors import ResultsError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity
from perf_core.runstore import RunFolder

BAD_ROWS = "bad_rows.txt"
"""File of the run folder that lists every bad row; absent when all were good."""
SHOWN = 100
"""Bad rows kept for the terminal."""
SUSPECT_BAD = 0.001
SUSPECT_FAILED = 0.5


@dataclass(frozen=True, slots=True, order=True)
class BadRow:
    """A row that was left out: the line it begins in, counted from 1, and what is wrong with it."""

    line: int
    reason: str

    def __str__(self) -> str:
        """Return ``line 5: ok is '2', not 0 or 1``."""
        return f"line {self.line}: {self.reason}"


@dataclass(slots=True)
class Tally:
    """What was met in a file so far; `bad` holds the first bad rows."""

    rows: int = 0
    requests: int = 0
    failures: int = 0
    other_metrics: int = 0
    folded: int = 0
    bad_rows: int = 0
    bad: list[BadRow] = field(default_factory=list)
    first: float = float("inf")
    last: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Imported:
    """A run that was made from a file."""

    info: RunInfo
    format: str
    tally: Tally


def facts(folder: RunFolder, tally: Tally, scenario: str, labels: dict[str, str]) -> RunInfo:
    """Return the facts of a run whose rows are all read."""
    validity, reasons = _validity(tally)
    return RunInfo(
        id=folder.id,
        scenario=scenario,
        target="",
        state=RunState.FINISHED,
        started=tally.first,
        ended=tally.last,
        requests=tally.requests,
        failures=tally.failures,
        validity=validity,
        validity_reasons=reasons,
        labels=labels,
        rejected_samples=tally.bad_rows,
    )


def _validity(tally: Tally) -> tuple[Validity, tuple[str, ...]]:
    if tally.requests and tally.failures == tally.requests:
        return Validity.INVALID, (f"all {tally.requests} requests failed; check the target and the script",)
    reasons = []
    if tally.failures > SUSPECT_FAILED * tally.requests:
        reasons.append(f"{tally.failures / tally.requests:.1%} of the requests failed")
    if tally.bad_rows > SUSPECT_BAD * tally.rows:
        reasons.append(f"{tally.bad_rows} of {tally.rows} rows could not be read; they are in {BAD_ROWS}")
    return (Validity.SUSPECT if reasons else Validity.VALID), tuple(reasons)


def close(folder: RunFolder, info: RunInfo, tally: Tally, path: Path) -> None:
    """Make the folder a run: its facts come last, when all else is on the disk."""
    if not tally.requests:
        rows = f"{tally.rows} rows" if tally.rows else "no row"
        examples = "; ".join(map(str, sorted(tally.bad)[:3]))
        raise ResultsError(f"{path} holds {rows} and no usable request{': ' + examples if examples else ''}")
    if not tally.bad_rows:
        (folder.path / BAD_ROWS).unlink()
    with folder.frames_log.open("rb") as log:
        os.fsync(log.fileno())
    folder.write_info(info)
