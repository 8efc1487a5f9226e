"""Endpoints that may only have another name now: told, never paired, because that is for people to decide."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from perf_core.compare.comparison import EndpointComparison

ALIKE = 0.8
"""Similarity of two names, in [0, 1], from which one may be the other renamed."""
MOST = 200
"""Names above which nobody could check the hints, and finding them takes long."""


def with_likely_names(endpoints: Sequence[EndpointComparison]) -> list[EndpointComparison]:
    """Return the endpoints; one that is gone has a note when a new one has a similar name."""
    new = [str(each.key) for each in endpoints if each.baseline is None and each.current]
    if not new or len(new) > MOST:
        return list(endpoints)
    return [each if each.current else _with_note(each, new) for each in endpoints]


def _with_note(gone: EndpointComparison, new: Sequence[str]) -> EndpointComparison:
    near = get_close_matches(str(gone.key), new, n=1, cutoff=ALIKE)
    if not near:
        return gone
    note = (
        f"{near[0]} is new and has a similar name: if it is the same endpoint, keep its name or make a new baseline."
    )
    return replace(gone, notes=(*gone.notes, note))
