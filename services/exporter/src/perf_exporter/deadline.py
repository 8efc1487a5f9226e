"""Give work that may hang (a name server, a socket that drips) a deadline that holds whatever it does."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from perf_core.errors import PerfError

T = TypeVar("T")
MOST_ABANDONED = 16
"""Pieces of work that may hang at once; a further one is refused, so that a dead master costs no memory."""


class DeadlineError(PerfError):
    """Raised when the work was not done in time."""


class Deadline(Generic[T]):
    """Does work in a thread of its own and leaves it behind when its time is over."""

    def __init__(self) -> None:
        """Nothing hangs yet."""
        self._abandoned = threading.Semaphore(MOST_ABANDONED)

    def call(self, work: Callable[[], T], give_up: Callable[[], None], seconds: float) -> T:
        """Return what `work` returns; at the deadline `give_up` is called, which should make it end.

        Raises:
            DeadlineError: it did not end within `seconds`, or too many before it hang still.
            Exception: what `work` raised.
        """
        if not self._abandoned.acquire(blocking=False):
            raise DeadlineError(f"{MOST_ABANDONED} earlier requests to the master still hang; is its address right?")
        results: list[T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                results.append(work())
            except BaseException as cause:  # noqa: BLE001  handed to the caller, whatever it is
                errors.append(cause)
            finally:
                self._abandoned.release()

        thread = threading.Thread(target=run, name="fetch", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            give_up()
            raise DeadlineError(f"the master did not answer within {seconds:.1f} s; it is busy, stuck or unreachable")
        if errors:
            raise errors[0]
        return results[0]
