"""`python -m perf_locust ...`: Locust with the plugin, for locustfiles that know nothing of it."""

from functools import partial

import locust.main
from locust import events

from perf_locust.early_requests import EarlyRequests
from perf_locust.last_words import leave
from perf_locust.plugin import on_init


def main() -> None:
    """Run Locust with its own command line."""
    events.init.add_listener(partial(on_init, early=EarlyRequests(events)))
    try:
        locust.main.main()
    except Exception as cause:  # noqa: BLE001  whatever stops Locust is told in one sentence
        leave(cause)


if __name__ == "__main__":
    main()
