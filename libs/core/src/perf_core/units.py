"""The one place where seconds become milliseconds and back (design: seconds, bytes and ratios inside)."""

import math
import re

from perf_core.errors import UsageError

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
_BYTE_STEPS = ("B", "kB", "MB", "GB", "TB")


def seconds_from_ms(milliseconds: float) -> float:
    """Return seconds; Locust speaks milliseconds at its edge."""
    return milliseconds / 1000.0


def ms_from_seconds(seconds: float) -> float:
    """Return milliseconds, for screens and for Locust."""
    return seconds * 1000.0


def format_latency(seconds: float | None) -> str:
    """Return a latency for people: ``0.4 ms``, ``41 ms``, ``1.20 s``; a dash for None or NaN."""
    if seconds is None or math.isnan(seconds):
        return "-"
    if seconds < 0.01:
        return f"{seconds * 1000:.2f} ms"
    if seconds < 0.1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s"


def format_ratio_change(ratio: float) -> str:
    """Return ``+45 %`` for a ratio of 1.45; one decimal below 10 %."""
    percent = (ratio - 1) * 100
    digits = 1 if abs(percent) < 10 else 0
    return f"{percent:+.{digits}f} %"


def format_share(share: float | None, digits: int = 1) -> str:
    """Return a ratio in [0, 1] as a percentage; a dash for None."""
    return "-" if share is None else f"{share * 100:.{digits}f} %"


def format_bytes(count: float) -> str:
    """Return a number of bytes with a decimal unit."""
    for unit in _BYTE_STEPS[:-1]:
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {_BYTE_STEPS[-1]}"


def parse_duration(text: str) -> float:
    """Return the seconds of ``90``, ``90s``, ``2m``, ``1h30m`` (Locust's spelling).

    Raises:
        UsageError: the text is not a positive duration.
    """
    match = _DURATION.fullmatch(text.strip())
    if not match or not any(match.groups()):
        raise UsageError(f"'{text}' is not a duration; write it like 90s, 2m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total <= 0:
        raise UsageError(f"'{text}' is not a duration above zero; write it like 90s, 2m or 1h30m")
    return total


def whole_seconds(seconds: float) -> int:
    """Return the seconds rounded up, at least 1: Locust knows no fractions."""
    return max(math.ceil(seconds), 1)
