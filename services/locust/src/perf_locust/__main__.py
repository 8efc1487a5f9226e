"""`python -m perf_locust ...`: Locust with the plugin, for locustfiles that know nothing of it."""

import os
import signal
from functools import partial

import locust.main
from locust import events

from perf_locust.early_requests import EarlyRequests
from perf_locust.last_words import NOT_LOADED, explain, leave
from perf_locust.plugin import on_init
from perf_locust.stand_in import is_wanted, stand_in

_SAID_ABOVE = f"{NOT_LOADED}: Locust said why in the lines above; correct it"


def main() -> None:
    """Run Locust with its own command line."""
    # The first process of a container would not hear SIGTERM before Locust listens, which is when it has its master.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
    loaded: list[bool] = []
    events.init.add_listener(lambda **_: loaded.append(True))
    events.init.add_listener(partial(on_init, early=EarlyRequests(events)))
    try:
        locust.main.main()
    except Exception as cause:  # noqa: BLE001  whatever stops Locust is told in one sentence
        if explain(cause).startswith(NOT_LOADED) and is_wanted():
            stand_in(explain(cause))
        leave(cause)
    except SystemExit as end:
        if end.code == 1 and not loaded and is_wanted():
            stand_in(_SAID_ABOVE)
        raise


if __name__ == "__main__":
    main()
