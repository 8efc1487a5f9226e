"""The estimate of what a stall hides from a closed load."""

import numpy as np
import pytest

from perf_core.model.histogram import Histogram
from perf_core.stats.omission import corrected_for_omission


def test_a_stall_stands_for_the_requests_that_were_not_made() -> None:
    recorded = Histogram.from_latencies(np.array([0.01] * 99 + [1.0]))

    corrected = corrected_for_omission(recorded, 0.1)

    assert corrected.total == 100 + 9
    expected = np.concatenate([[0.01] * 99, np.arange(1, 11) / 10])
    assert corrected.quantile(0.95) == pytest.approx(np.quantile(expected, 0.95, method="inverted_cdf"), rel=0.01)
    assert corrected.total_time == pytest.approx(expected.sum(), rel=0.01)


def test_nothing_is_added_when_nobody_waited_longer_than_usual() -> None:
    recorded = Histogram.from_latencies(np.array([0.01, 0.02]))

    assert corrected_for_omission(recorded, 0.1) is recorded
    assert corrected_for_omission(Histogram.empty(), 0.1).total == 0
