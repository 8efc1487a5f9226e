"""Ctrl-C and SIGTERM: the run ends, no request is torn, and the run is judged.

Python raises KeyboardInterrupt in whatever greenlet is at work, a user in the middle of its request; and Locust hears
SIGTERM only after a headless load shape, which is after the run. Here both interrupt Locust's main greenlet alone.
"""

import logging
import signal

import gevent
from locust.env import Environment
from locust.runners import WorkerRunner

log = logging.getLogger(__name__)


class EndSignals:
    """Listens in this process; SIGTERM is Locust's own business unless a headless shape is on."""

    def __init__(self, environment: Environment) -> None:
        """Listen; a SIGTERM is heard once, and not while a run is finished."""
        gevent.signal_handler(signal.SIGINT, _interrupt)
        self._shape_is_on = False
        options = environment.parsed_options
        leads = not isinstance(environment.runner, WorkerRunner)
        if leads and environment.shape_class is not None and options is not None and options.headless:
            environment.events.test_start.add_listener(self.on_test_start)
            environment.events.test_stop.add_listener(self.on_test_stop)
            gevent.signal_handler(signal.SIGTERM, self._on_sigterm)

    def on_test_start(self, **_: object) -> None:
        """Heed SIGTERM from now on."""
        self._shape_is_on = True

    def on_test_stop(self, **_: object) -> None:
        """Leave SIGTERM to Locust."""
        self._shape_is_on = False

    def _on_sigterm(self) -> None:
        if self._shape_is_on:
            self._shape_is_on = False
            log.info("Got SIGTERM signal")
            _interrupt()


def _interrupt() -> None:
    """Raise KeyboardInterrupt in the main greenlet, as gevent does with one that it meets elsewhere."""
    gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())
