"""One scrape: read the master, write the page; a master that does not answer is a page too."""

import logging
from collections.abc import Iterator
from typing import Protocol

from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from perf_core.errors import PerfError
from perf_exporter.compat import compat_families
from perf_exporter.endpoint_text import endpoint_text
from perf_exporter.endpoints import shown
from perf_exporter.families import families, up_family
from perf_exporter.reading import Reading

log = logging.getLogger(__name__)


class Reads(Protocol):
    """Gives a reading of a master within so many seconds, or raises a PerfError that says why not."""

    def read(self, seconds: float) -> Reading:
        """Return a reading."""


class Scrape:
    """Answers scrapes; keeps nothing between them but the sentence it last logged."""

    def __init__(self, source: Reads, *, keep: float, most: int, compat: bool) -> None:
        """Show ended runs for `keep` seconds and at most `most` endpoints; `compat` adds the old exporter's names."""
        self._source, self._keep, self._most, self._compat = source, keep, most, compat
        self._complaint = ""
        self._scrapes = 0

    def page(self, seconds: float) -> bytes:
        """Return the page in Prometheus's text format, about `seconds` from now at the latest."""
        self._scrapes += 1
        try:
            reading = self._source.read(seconds)
        except PerfError as cause:
            self._complain(str(cause))
            return self._down()
        self._complain("")
        visible = shown(reading.snapshot, self._keep, self._most)
        text = endpoint_text(visible.endpoints, reading.snapshot.bounds, usual=reading.recorded)
        fresh = list(families(reading, visible.folded, self._keep))
        if self._compat:
            fresh += compat_families(reading.plain, self._scrapes, self._most)
        return generate_latest(_Fresh(fresh)) + text.encode() + _own()

    def _down(self) -> bytes:
        fresh = [up_family(up=False)]
        if self._compat:
            fresh += compat_families(None, self._scrapes, self._most)
        return generate_latest(_Fresh(fresh)) + _own()

    def _complain(self, sentence: str) -> None:
        if sentence != self._complaint:
            log.warning("%s", sentence or "the master answers again")
            self._complaint = sentence


class _Fresh(Collector):
    def __init__(self, fresh: list[Family]) -> None:
        self._fresh = fresh

    def collect(self) -> Iterator[Family]:
        yield from self._fresh


def _own() -> bytes:
    collectors = (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR)
    return b"".join(generate_latest(collector) for collector in collectors)
