"""Delivers the outbox while the process lives: soon after a run, and again when an attempt has failed."""

import logging
from collections import Counter

import gevent
from gevent.event import Event

from perf_core.errors import PerfError
from perf_core.notify import Courier
from perf_locust.native_thread import in_native_thread

log = logging.getLogger(__name__)
LOOK_EVERY = 2.0
"""Seconds between two looks into the outbox, which is a handful of small files."""


class Postman:
    """Calls the courier in native threads, so that a server that hangs holds up nobody's requests."""

    def __init__(self, courier: Courier) -> None:
        """Begin with the outbox as earlier processes left it."""
        self.outcomes: Counter[str] = Counter()
        """``mail sent`` -> count, since the start of the process."""
        self._courier = courier
        self._wake = Event()
        self._round: gevent.Greenlet = gevent.spawn(self._go_round)

    def wake(self) -> None:
        """Look into the outbox now."""
        self._wake.set()

    def last_round(self) -> None:
        """Try once what nobody has tried yet, before the process ends; what fails waits for the next process."""
        self._round.kill(block=False)
        self._deliver(only_fresh=True)

    def _go_round(self) -> None:
        while True:
            self._deliver(only_fresh=False)
            self._wake.wait(LOOK_EVERY)
            self._wake.clear()

    def _deliver(self, *, only_fresh: bool) -> None:
        try:
            attempts = in_native_thread(self._courier.deliver_due, only_fresh=only_fresh)
        except (PerfError, OSError) as cause:
            log.error("outbox.unusable: %s", cause)  # noqa: TRY400  the sentence says it all
            return
        for attempt in attempts:
            self.outcomes[f"{attempt.entry.channel} {attempt.outcome}"] += 1
            log.info("outbox.tried", extra={"run_id": attempt.entry.run_id, "outcome": attempt.outcome})
