"""Test data for locustfiles: `sampler(source, strategy)`, and `Sampler` to write one of your own.

Reads files and hands out rows without Locust; inside Locust the plugin shares the rows that are handed out once.
"""

from perf_locust.samplers.build import STRATEGIES, mix, sampler
from perf_locust.samplers.errors import DataError
from perf_locust.samplers.sampler import AtEnd, Sampler
from perf_locust.samplers.sources import Mongo

__all__ = ["STRATEGIES", "AtEnd", "DataError", "Mongo", "Sampler", "mix", "sampler"]
