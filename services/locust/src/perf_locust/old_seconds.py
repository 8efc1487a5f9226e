"""Locust's own tables of each endpoint that nothing looks at: they take hundreds of megabytes in a long run.

Counters per second are kept for ever, 138 MB an hour at 500 endpoints. A copy of each endpoint's response times is
kept for each of the last twenty seconds, only for `--csv-full-history`.
"""

import gevent
from locust.env import Environment

LOOK_EVERY = 10.0
KEPT = 60
"""Seconds before the last request that stay: Locust's rates look at twelve."""


class OldSeconds:
    """Forgets what Locust will not look at again; `--json` prints all seconds, then they are kept."""

    def __init__(self, environment: Environment) -> None:
        """Begin to forget."""
        self._stats = environment.stats
        options = environment.parsed_options
        self._seconds_wanted = bool(getattr(options, "json", False) or getattr(options, "json_file", None))
        self._copies_wanted = bool(getattr(options, "stats_history_enabled", False))
        gevent.spawn(self._forget)

    def forget(self, before: int) -> None:
        """Forget the seconds before a Unix second."""
        for entry in (self._stats.total, *self._stats.entries.values()):
            for seconds in (entry.num_reqs_per_sec, entry.num_fail_per_sec):
                for second in [each for each in seconds if each < before]:
                    del seconds[second]

    def forget_copies(self) -> None:
        """Copy the response times of single endpoints no longer; those of all together are drawn in the web UI."""
        for entry in self._stats.entries.values():
            entry.use_response_times_cache, entry.response_times_cache = False, None

    def _forget(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            if not self._seconds_wanted:
                self.forget(int(self._stats.last_request_timestamp or 0) - KEPT)
            if not self._copies_wanted:
                self.forget_copies()
