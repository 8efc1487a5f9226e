"""One threshold: a sentence like ``p95 of "GET /items" < 300ms for 30s abort`` and what it means.

METRIC [of "METHOD name"] OPERATOR LIMIT [for TIME] [abort]

METRIC    p50 ... p99.9, mean, error rate, rate (requests a second, failed ones too)
of        an endpoint; without it all requests together; of "*" = every endpoint for itself
OPERATOR  < <= > >=, what must hold
LIMIT     300ms, 0.3s; 1% for the error rate; 50/s for the rate; or relative to the baseline's figure:
          baseline + 10%, baseline * 1.1, baseline + 20ms, baseline + 0.5pp (percentage points of the error rate)
for TIME  of any stretch of that length; without it of the whole run
abort     the run is stopped when it is broken
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from perf_core.errors import UsageError
from perf_core.units import format_latency, format_share, parse_duration

EVERY = "*"
OFF = "off"
EXAMPLE = 'p95 of "GET /items" < 300ms'
_SENTENCE = re.compile(
    r"(?P<metric>p\d+(?:\.\d+)?|mean|error[ _]rate|rate)"
    r"(?:\s+of\s+(?:\"(?P<double>[^\"]+)\"|'(?P<single>[^']+)'|(?P<plain>[^\"'<>]+?)))?"
    r"\s*(?P<sign><=|>=|<|>)\s*(?P<limit>.+?)"
    r"(?:\s+for\s+(?P<window>\S+))?(?P<abort>\s+abort)?",
)
_LIMIT = re.compile(
    r"(?:(?P<baseline>baseline)\s*)?(?:(?P<sign>[-+*])\s*)?(?:(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[a-z%/]*))?"
)
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ERROR_RATE, RATE, MEAN = "error rate", "rate", "mean"
_UNITS = {
    ERROR_RATE: {"%": 0.01},
    RATE: {"/s": 1.0, "": 1.0},
    "latency": {"ms": 1e-3, "s": 1.0, "us": 1e-6},
}
_HINTS = {ERROR_RATE: "1%", RATE: "50/s", "latency": "300ms or 0.3s"}


@dataclass(frozen=True, slots=True)
class Limit:
    """The number ``factor * baseline + offset``; an absolute one has the factor 0."""

    factor: float
    offset: float

    @property
    def relative(self) -> bool:
        """Whether a baseline is needed."""
        return self.factor != 0

    def value(self, baseline: float | None) -> float | None:
        """Return the limit; None when it is relative to a figure that is not there."""
        if not self.relative:
            return self.offset
        return None if baseline is None else self.factor * baseline + self.offset


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold; latencies in seconds, the error rate in [0, 1], the rate in requests a second.

    Attributes:
        key: who said it, e.g. ``thresholds.checkout``.
        text: as it was written.
        metric: "error rate", "rate", "mean", or a quantile like "p95".
        endpoint: "METHOD name", "*" for every endpoint, None for all requests together.
        sign: what must hold.
        limit: the number.
        window: seconds; None = the whole run.
        abort: whether the run is stopped when it is broken.
    """

    key: str
    text: str
    metric: str
    endpoint: str | None
    sign: str
    limit: Limit
    window: float | None
    abort: bool

    @property
    def quantile(self) -> float | None:
        """The quantile in (0, 1) that the metric is; None for the other metrics."""
        return float(self.metric[1:]) / 100 if self.metric.startswith("p") else None

    def holds(self, value: float, limit: float) -> bool:
        """Return whether a figure keeps the limit."""
        return _OPERATORS[self.sign](value, limit)

    def shown(self, value: float) -> str:
        """Return a figure of this metric for people."""
        if self.metric == ERROR_RATE:
            return format_share(value, 2)
        return f"{value:.1f}/s" if self.metric == RATE else format_latency(value)


def parse_threshold(key: str, text: str) -> Threshold:
    """Return the threshold of a sentence.

    Raises:
        UsageError: it is none; the message names the key.
    """
    match = _SENTENCE.fullmatch(text.strip())
    if not match:
        raise UsageError(f"{key} is {text!r}, which is no threshold; write it like {EXAMPLE}, or error rate < 1%")
    metric = match["metric"].replace("_", " ")
    if metric.startswith("p") and not 0 < float(metric[1:]) < 100:
        raise UsageError(f"{key} is {text!r}; a quantile lies between p0 and p100, write it like p99.9")
    try:
        window = None if match["window"] is None else parse_duration(match["window"])
    except UsageError as cause:
        raise UsageError(f"{key} is {text!r}; {cause}") from cause
    if window is not None and (window < 1 or window != int(window)):
        raise UsageError(f"{key} is {text!r}; give whole seconds after 'for'")
    endpoint = match["double"] or match["single"] or match["plain"]
    return Threshold(
        key,
        text.strip(),
        metric,
        endpoint.strip() if endpoint else None,
        match["sign"],
        _limit(key, text, metric, match["limit"]),
        window,
        bool(match["abort"]),
    )


def parse_thresholds(texts: dict[str, str]) -> tuple[Threshold, ...]:
    """Return the thresholds of key -> sentence; those that are "off" are left out."""
    return tuple(parse_threshold(key, text) for key, text in texts.items() if text.strip().lower() != OFF)


def _limit(key: str, text: str, metric: str, written: str) -> Limit:
    match = _LIMIT.fullmatch(written.strip())
    units = _UNITS.get(metric, _UNITS["latency"])
    found = None
    if match and match["baseline"]:
        found = _relative(metric, match["sign"], match["number"], match["unit"], units)
    elif match and match["number"] and not match["sign"] and match["unit"] in units:
        found = Limit(0.0, float(match["number"]) * units[match["unit"]])
    if found is None:
        hint = _HINTS.get(metric, _HINTS["latency"])
        raise UsageError(f"{key} is {text!r}; the limit of {metric} is written like {hint}, or baseline + 10%")
    return found


def _relative(metric: str, sign: str | None, number: str | None, unit: str, units: dict[str, float]) -> Limit | None:
    if sign is None or number is None:
        return Limit(1.0, 0.0) if sign is None and number is None else None
    if sign == "*":
        return Limit(float(number), 0.0) if not unit else None
    change = float(number) if sign == "+" else -float(number)
    if unit == "%":
        return Limit(1.0 + change / 100, 0.0)
    if unit == "pp" and metric == ERROR_RATE:
        return Limit(1.0, change / 100)
    return Limit(1.0, change * units[unit]) if unit in units else None
