"""Blocking work in a native thread: under Locust, a `threading.Thread` is a greenlet and would stop every user."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import gevent

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Raised:
    cause: Exception


def in_native_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what the work returns; only the calling greenlet waits for it.

    Raises:
        Exception: what the work raises. gevent's own pool would print a traceback of it too, handled or not.
    """
    outcome = gevent.get_hub().threadpool.apply(_attempt, (work, args, kwargs))
    if isinstance(outcome, _Raised):
        raise outcome.cause
    return outcome  # type: ignore[no-any-return]  # gevent says nothing of types


def _attempt(work: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> T | _Raised:
    try:
        return work(*args, **kwargs)
    except Exception as cause:  # noqa: BLE001  it is raised where somebody waits for it
        return _Raised(cause)
