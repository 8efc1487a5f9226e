import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from perf_core.errors import EmptyHistogramError
from perf_core.model.histogram import BUCKETS, Histogram, bucket_indexes, lower_edges

LATENCY = st.floats(min_value=2.0**-20, max_value=2.0**12, exclude_max=True, allow_nan=False)


@given(LATENCY)
def test_a_latency_lies_between_the_edges_of_its_bucket(latency: float) -> None:
    bucket = bucket_indexes(np.array([latency]))

    assert (lower_edges(bucket)[0] if bucket[0] else 0.0) <= latency < lower_edges(bucket + 1)[0]


@given(LATENCY)
def test_a_bucket_is_at_most_a_thousandth_wide(latency: float) -> None:
    bucket = bucket_indexes(np.array([latency])) + 1

    assert lower_edges(bucket + 1)[0] / lower_edges(bucket)[0] <= 1 + 2.0**-10


@given(LATENCY)
def test_a_coarse_bucket_is_the_fine_one_shifted(latency: float) -> None:
    coarse = bucket_indexes(np.array([latency])) >> 5

    assert (lower_edges(coarse, k=5)[0] if coarse[0] else 0.0) <= latency < lower_edges(coarse + 1, k=5)[0]


@pytest.mark.parametrize(
    ("latency", "bucket"),
    [(0.0, 0), (1e-9, 0), (2.0**-20, 0), (1.0, 20 << 10), (2.0**12, BUCKETS - 1), (1e9, BUCKETS - 1)],
    ids=["zero", "below the range", "first edge", "one second", "above the range", "far above"],
)
def test_latencies_outside_the_range_count_in_the_outermost_bucket(latency: float, bucket: int) -> None:
    assert bucket_indexes(np.array([latency]))[0] == bucket


@given(st.lists(LATENCY, min_size=1, max_size=200), st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_within_a_bucket_of_the_sorted_latencies(latencies: list[float], q: float) -> None:
    exact = np.quantile(latencies, q, method="inverted_cdf")

    assert Histogram.from_latencies(np.array(latencies)).quantile(q) == pytest.approx(exact, rel=1.1e-3)


@given(st.lists(LATENCY, max_size=50), st.lists(LATENCY, max_size=50))
def test_merging_equals_recording_all_at_once_in_any_order(left: list[float], right: list[float]) -> None:
    both = Histogram.from_latencies(np.array(left + right))
    one = Histogram.from_latencies(np.array(left)).merged(Histogram.from_latencies(np.array(right)))
    other = Histogram.from_latencies(np.array(right)).merged(Histogram.from_latencies(np.array(left)))

    assert_array_equal(both.buckets, one.buckets)
    assert_array_equal(both.counts, one.counts)
    assert_array_equal(one.counts, other.counts)
    assert one.total_time == pytest.approx(both.total_time)
    assert one.maximum == pytest.approx(both.maximum, nan_ok=True)


def test_a_quantile_of_nothing_is_refused() -> None:
    with pytest.raises(EmptyHistogramError, match="no requests"):
        Histogram.empty().quantile(0.5)


def test_a_quantile_never_leaves_the_exact_extremes() -> None:
    histogram = Histogram.from_latencies(np.array([0.0101, 0.0102]))

    assert (histogram.quantile(0.0), histogram.quantile(1.0)) == (0.0101, 0.0102)
