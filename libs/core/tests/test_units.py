import math

import pytest

from perf_core.errors import UsageError
from perf_core.units import format_bytes, format_latency, format_ratio_change, format_share, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("2m", 120), ("1h30m", 5400), ("1.5m", 90), ("1h1m1s", 3661)]
)
def test_durations_are_spelt_as_locust_spells_them(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5s", "0", "5 minutes", "1m1h"])
def test_what_is_no_duration_is_refused_with_the_spelling(text: str) -> None:
    with pytest.raises(UsageError, match="90s, 2m or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0.40 ms"), (0.0412, "41.2 ms"), (0.182, "182 ms"), (1.2, "1.20 s"), (None, "-"), (math.nan, "-")],
)
def test_latencies_read_well(seconds: float | None, text: str) -> None:
    assert format_latency(seconds) == text


def test_changes_shares_and_sizes_read_well() -> None:
    assert format_ratio_change(1.45) == "+45 %"
    assert format_ratio_change(0.98) == "-2.0 %"
    assert format_share(0.0123) == "1.2 %"
    assert format_bytes(1_234_567) == "1.2 MB"
