"""Kinds of users for locustfiles, imported when they are asked for."""

from importlib import import_module

_HOMES = {
    "ArrivalRateUser": "perf_locust.users.arrival_rate",
    "FastUser": "perf_locust.users.fast.user",
    "constant_rate": "perf_locust.users.schedule",
    "poisson_rate": "perf_locust.users.schedule",
    "staged_rate": "perf_locust.users.schedule",
}

__all__ = ["ArrivalRateUser", "FastUser", "constant_rate", "poisson_rate", "staged_rate"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
