"""How late the event loop is, at worst."""

import time

import gevent

TICK = 0.001
"""Seconds between two looks."""


class Lateness:
    """How late a timer comes at most, in seconds."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._greenlet = gevent.spawn(self._watch)

    def stop(self) -> float:
        """Return it."""
        self._greenlet.kill()
        return self._worst

    def _watch(self) -> None:
        before = time.perf_counter()
        while True:
            gevent.sleep(TICK)
            now = time.perf_counter()
            self._worst, before = max(self._worst, now - before - TICK), now
