"""Errors of both runs by class and text, bounded: there may be thousands of distinct ones."""

from collections import Counter
from dataclasses import dataclass

from perf_core.model.series import Recording
from perf_core.report.outside import printable, printable_name

ROWS = 50
CLASSES = 20


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error at one endpoint, with how often it was seen in each run."""

    endpoint: str
    error_class: str
    text: str
    baseline: str
    current: str


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of errors over all endpoints."""

    error_class: str
    baseline: str
    current: str


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """Errors by class, the most frequent texts, and how many are not listed (empty when none)."""

    classes: tuple[ClassRow, ...]
    rows: tuple[ErrorRow, ...]
    more: str


@dataclass(frozen=True, slots=True)
class _Key:
    endpoint: str
    error_class: str
    text: str


def error_table(current: Recording, baseline: Recording | None) -> ErrorTable:
    """Return the errors of both runs, most frequent in the current run first."""
    after, before = _counts(current), _counts(baseline)
    keys = sorted(after.keys() | before.keys(), key=lambda key: (-after[key], -before[key], key.endpoint, key.text))
    rows = tuple(_row(key, before, after, has_baseline=baseline is not None) for key in keys[:ROWS])
    rest = keys[ROWS:]
    seen = sum(after[key] for key in rest)
    more = f"{len(rest):,} more kinds of error are not listed ({seen:,} failures of the current run)" if rest else ""
    return ErrorTable(_classes(before, after, has_baseline=baseline is not None), rows, more)


def _classes(before: "Counter[_Key]", after: "Counter[_Key]", *, has_baseline: bool) -> tuple[ClassRow, ...]:
    sums: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for side, counts in zip(sums, (before, after), strict=True):
        for key, count in counts.items():
            side[key.error_class] += count
    old, new = sums
    names = sorted(old.keys() | new.keys(), key=lambda name: (-new[name], -old[name], name))[:CLASSES]
    return tuple(
        ClassRow(printable_name(name), f"{old[name]:,}" if has_baseline else "-", f"{new[name]:,}") for name in names
    )


def _counts(recording: Recording | None) -> "Counter[_Key]":
    counts: Counter[_Key] = Counter()
    for key, series in recording.endpoints.items() if recording else ():
        for error in series.errors:
            counts[_Key(str(key), error.error_class, error.text)] += error.count
    return counts


def _row(key: _Key, before: "Counter[_Key]", after: "Counter[_Key]", *, has_baseline: bool) -> ErrorRow:
    return ErrorRow(
        endpoint=printable_name(key.endpoint),
        error_class=printable_name(key.error_class),
        text=printable(key.text),
        baseline=f"{before[key]:,}" if has_baseline else "-",
        current=f"{after[key]:,}",
    )
