"""Asks a Prometheus for the values of a query over a stretch of time. It blocks."""

import json
import math
import urllib.parse
import urllib.request
from typing import Any

import numpy as np

from perf_core.errors import DeliveryError
from perf_core.model.series import GaugeSeries

TIMEOUT = 10.0
_POINTS = 240
_MOST_SERIES = 4
_LARGEST = 8_000_000
"""Bytes of an answer."""


def query_range(url: str, name: str, query: str, start: float, end: float) -> tuple[GaugeSeries, ...]:
    """Return the series of a query between two Unix times, at most four; `name` is what people call it.

    Raises:
        DeliveryError: Prometheus does not answer, or does not understand the query.
    """
    step = max(1.0, math.ceil((end - start) / _POINTS))
    form = urllib.parse.urlencode({"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"})
    try:
        address = f"{url.rstrip('/')}/api/v1/query_range?{form}"
        with urllib.request.urlopen(address, timeout=TIMEOUT) as answer:  # noqa: S310  the scheme was checked
            document = json.loads(answer.read(_LARGEST))
        found = [_series(name, each) for each in document["data"]["result"][:_MOST_SERIES]]
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise DeliveryError(f"Prometheus did not answer '{name}' ({cause}); check PERF_PROMETHEUS_URL") from cause
    return tuple(each for each in found if each.seconds.size)


def _series(name: str, raw: dict[str, Any]) -> GaugeSeries:
    table = np.array([(float(at), float(value)) for at, value in raw["values"]], dtype=np.float64).reshape(-1, 2)
    table = table[np.isfinite(table).all(axis=1)]
    labels = ", ".join(f"{key}={value}" for key, value in sorted(raw["metric"].items()) if key != "__name__")
    return GaugeSeries(name, labels, table[:, 0], table[:, 1])
