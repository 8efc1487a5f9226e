"""The fingerprint of a run: the fields that say whether two runs measured the same thing."""

import re
from collections.abc import Mapping
from enum import StrEnum

from perf_core.errors import UsageError
from perf_core.model.run import RunInfo

RATE_TOLERANCE = 0.05
"""Arrival rates nearer to each other than this ratio are the same load."""
_NUMBERS = ("arrival_rate",)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Handling(StrEnum):
    """What is done when two runs differ in a field."""

    IGNORE = "ignore"
    WARN = "warn"
    REFUSE = "refuse"


FIELDS = {
    "target": Handling.IGNORE,
    "version": Handling.IGNORE,
    "locustfile_hash": Handling.WARN,
    "workers": Handling.WARN,
    "worker_limits": Handling.WARN,
    "locust_version": Handling.WARN,
    "plugin_version": Handling.WARN,
    "users": Handling.REFUSE,
    "shape": Handling.REFUSE,
    "load_model": Handling.REFUSE,
    "arrival_rate": Handling.REFUSE,
    "pacing": Handling.REFUSE,
    "data_hash": Handling.REFUSE,
    "locust_minor": Handling.REFUSE,
}
"""The fields of a fingerprint in the order of telling, and what is done unless somebody says otherwise."""


def check_handling(field: str, text: str) -> Handling:
    """Return what was asked for about a field.

    Raises:
        UsageError: there is no such field, or no such handling.
    """
    if field not in FIELDS:
        raise UsageError(f"'{field}' is no field that runs are compared by; the fields are {', '.join(FIELDS)}")
    if text not in set(Handling):
        raise UsageError(f"'{text}' is nothing that can be done about {field}; give ignore, warn or refuse")
    return Handling(text)


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
    words = [_NUMBER.split(text) for text in (old, new)]
    before, after = ([float(number) for number in _NUMBER.findall(text)] for text in (old, new))
    return words[0] == words[1] and all(
        abs(now - then) <= RATE_TOLERANCE * then for then, now in zip(before, after, strict=True)
    )
