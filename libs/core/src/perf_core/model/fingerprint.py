"""The fingerprint of a run: the fields that say whether two runs measured the same thing."""

from enum import StrEnum

from perf_core.errors import UsageError


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
