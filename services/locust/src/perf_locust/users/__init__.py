"""Kinds of users for locustfiles, imported when they are asked for."""

from importlib import import_module

_HOMES = {"FastUser": "perf_locust.users.fast.user"}

__all__ = ["FastUser"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
