"""Whether two runs may be compared: where their fingerprints differ, and what is done about it."""

from collections.abc import Mapping

from perf_core.model.fingerprint import FIELDS, Handling
from perf_core.model.run import RunInfo

RATE_TOLERANCE = 0.05
"""Arrival rates nearer to each other than this ratio are the same load."""
_NUMBERS = ("arrival_rate",)


def handling_of(field: str, given: Mapping[str, str]) -> Handling:
    """Return what is done about a field; `given` beats the table, a field that nobody knows is ignored."""
    return Handling(given.get(field, FIELDS.get(field, Handling.IGNORE)))


def differing(baseline: RunInfo, current: RunInfo) -> dict[str, str]:
    """Return field -> ``users was '10', is '20'`` for the fields that both runs know and that differ."""
    old, new = baseline.fingerprint, current.fingerprint
    return {
        field: f"{field} was '{old[field]}', is '{new[field]}'"
        for field in (*FIELDS, *(each for each in sorted(old) if each not in FIELDS))
        if field in old and field in new and not _alike(field, old[field], new[field])
    }


def _alike(field: str, old: str, new: str) -> bool:
    if old == new or field not in _NUMBERS:
        return old == new
    try:
        before, after = float(old), float(new)
    except ValueError:
        return False
    return abs(after - before) <= RATE_TOLERANCE * before
