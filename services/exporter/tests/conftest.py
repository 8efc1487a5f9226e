"""A made-up reading for the pure parts, and real processes for the rest."""

import math
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from series import Series, parse

from perf_core.errors import PerfError
from perf_core.model.snapshot import Snapshot
from perf_exporter.reading import Reading
from perf_exporter.scrape import Scrape


class Told:
    """A source that tells what it was given."""

    def __init__(self, told: Snapshot | PerfError) -> None:
        self.told = told

    def read(self, seconds: float) -> Reading:
        assert seconds > 0
        assert not math.isinf(seconds)
        if isinstance(self.told, PerfError):
            raise self.told
        return Reading(self.told, None, recorded=True)


@pytest.fixture
def scraped():
    def scrape(told: Snapshot | PerfError, keep: float = 300, most: int = 500, *, compat: bool = False) -> Series:
        return parse(Scrape(Told(told), keep=keep, most=most, compat=compat).page(4))

    return scrape
