"""Requests that a worker makes before Locust tells the plugin of it.

A worker connects to its master before Locust fires `init`. When it joins a run that is on, its users may be at work
by then: the run's `test_start` is over before anybody listens.
"""

import logging
from collections.abc import Callable
from typing import Any

from locust.event import Events

log = logging.getLogger(__name__)
MOST = 20_000
"""Requests held; the time from connection to `init` is well below a second."""


class EarlyRequests:
    """Holds requests until somebody records."""

    def __init__(self, events: Events) -> None:
        """Hold from now on; to be made before Locust starts."""
        self._events = events
        self._held: list[dict[str, Any]] = []
        self._dropped = 0
        events.request.add_listener(self._hold)

    def hand_over(self, record: Callable[..., None] | None) -> None:
        """Give what was held to the recorder, if there is one, and hold no longer."""
        self._events.request.remove_listener(self._hold)
        held, self._held = self._held, []
        if self._dropped:
            log.error("capture.early_requests_dropped", extra={"requests": self._dropped})
        if record is not None:
            for request in held:
                record(**request)

    def _hold(self, **request: Any) -> None:
        if len(self._held) < MOST:
            self._held.append(request)
        else:
            self._dropped += 1
