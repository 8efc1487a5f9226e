"""Locust's own counters per second, which it keeps for ever: 138 MB an hour at 500 endpoints."""

import gevent
from locust.env import Environment

LOOK_EVERY = 10.0
KEPT = 60
"""Seconds before the last request that stay: Locust's rates look at twelve."""


class OldSeconds:
    """Forgets what Locust will not look at again; `--json` prints all of it, then everything is kept."""

    def __init__(self, environment: Environment) -> None:
        """Begin to forget."""
        self._stats = environment.stats
        options = environment.parsed_options
        if not (getattr(options, "json", False) or getattr(options, "json_file", None)):
            gevent.spawn(self._forget)

    def forget(self, before: int) -> None:
        """Forget the seconds before a Unix second."""
        for entry in (self._stats.total, *self._stats.entries.values()):
            for seconds in (entry.num_reqs_per_sec, entry.num_fail_per_sec):
                for second in [each for each in seconds if each < before]:
                    del seconds[second]

    def _forget(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            self.forget(int(self._stats.last_request_timestamp or 0) - KEPT)
