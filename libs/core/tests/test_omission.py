"""The estimate of what a stall hides from a closed load."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import outcome_series

from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import Histogram
from perf_core.report.html import render_html
from perf_core.report.waits import wait_context
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


def test_the_report_shows_the_estimate_of_a_closed_load_beside_what_was_measured(
    make_recording, make_comparison
) -> None:
    calm, key = make_recording("c", ("/items",)), EndpointKey("GET", "/items")
    seconds = [np.full(40, 0.02) for _ in range(60)]
    seconds[30], seconds[31:33] = np.full(20, 3.0), [np.empty(0)] * 2  # each of 20 users waits, and asks for nothing
    stalled = replace(calm.endpoints[key], ok=outcome_series(seconds))
    run = replace(calm, endpoints={key: stalled})

    context = wait_context(run)
    page = render_html(make_comparison(run), run, None)

    assert wait_context(calm) is None
    assert context is not None
    ((actual, estimated),) = [(row.actual, row.intended) for row in context.rows]
    assert (actual[2], estimated[2]) == ("20.0 ms", "2.50 s")
    assert "Latency from the intended start (estimate)" in page
    assert "".join(f"<td>{text}</td>" for text in (*actual, *estimated)) in page
