"""The last minutes of each host and worker process, from the readings that ride on the frames."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time

import gevent

KEPT = 120
"""Seconds shown."""
_RATES = {
    "host_network_received_bytes": "received",
    "host_network_sent_bytes": "sent",
    "container_network_received_bytes": "received",  # a container sees its own network only
    "container_network_sent_bytes": "sent",
    "host_disk_read_bytes": "read",
    "host_disk_written_bytes": "written",
}
Readings = Mapping[str, Mapping[str, float]]


@dataclass(slots=True)
class Track:
    """Readings of one worker (or other source) of the last two minutes.

    Attributes:
        latest: by gauge name, as the worker sent it: seconds, bytes, ratios.
        rates: bytes a second by `received`, `sent`, `read` and `written`, between the last two readings.
        cpu: CPU ratios of the host, oldest first, one a second.
        at: Unix seconds of the last reading that was new.
    """

    latest: dict[str, float] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    cpu: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT))
    at: float = 0.0

    def add(self, readings: Mapping[str, float], now: float) -> None:
        """Take the readings of a second."""
        if readings == self.latest:
            return
        if self.latest:
            span = max(now - self.at, 1e-3)
            self.rates = {
                word: max(readings[name] - self.latest[name], 0.0) / span
                for name, word in _RATES.items()
                if name in readings and name in self.latest
            }
        self.latest, self.at = dict(readings), now
        self.cpu.append(readings.get("host_cpu_ratio", 0.0))

    def line(self, width: int, height: int) -> str:
        """Return the points of the host's CPU for an SVG polyline, the newest at the right."""
        left = KEPT - len(self.cpu)
        return " ".join(
            f"{width * (left + index) / (KEPT - 1):.1f},{height * (1 - min(value, 1.0)):.1f}"
            for index, value in enumerate(self.cpu)
        )


class HostHistory:
    """Watches the readings once a second for as long as the process lives."""

    def __init__(self, gauges: Readings) -> None:
        """Begin to watch `gauges`, which others fill."""
        self._gauges = gauges
        self.tracks: dict[str, Track] = {}
        gevent.spawn(self._watch)

    def _watch(self) -> None:
        while True:
            self.look(time())
            gevent.sleep(1.0)

    def look(self, now: float) -> None:
        """Take the readings of now; sources that sent nothing for long are let go."""
        for source, readings in list(self._gauges.items()):
            self.tracks.setdefault(source, Track()).add(readings, now)
        self.tracks = {source: track for source, track in self.tracks.items() if now - track.at < 10 * KEPT}
