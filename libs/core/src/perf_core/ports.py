"""Ports for programs that are about to be started."""

import random
import socket

from perf_core.errors import PerfError

CHOICE = range(20_000, 30_000)
"""Below what systems give to outgoing connections by default (from 32768 on Linux, from 49152 elsewhere: RFC 6335,
section 6) and below Kubernetes' node ports: nobody takes one by chance before the program that was started for it."""
TRIES = 1000
_given: set[int] = set()
_random = random.SystemRandom()  # processes that were forked, or seeded alike, must not choose alike


def free_port() -> int:
    """Return a port of the loopback that nobody listens on, none twice in a process.

    Raises:
        PerfError: none was found.
    """
    for _ in range(TRIES):
        port = _random.choice(CHOICE)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise PerfError(f"no free port between {CHOICE.start} and {CHOICE.stop}; end what listens there")
