import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from perf_api.metrics.durations import RequestDurations
from perf_api.metrics.registry import BUCKETS

NAME = "http_server_request_duration_seconds"
SERIES = (("GET", "/v1/items/{item_id}", "200"), ("POST", "unmatched", "404"))
SECONDS = (0.0, 0.0005, 0.001, 0.0010001, 0.02, 0.0251, 3.0, 10.0, 10.1, 99.0)


def test_it_is_rendered_like_the_library_s_own_histogram() -> None:
    ours, library = CollectorRegistry(), CollectorRegistry()
    durations = RequestDurations(BUCKETS)
    ours.register(durations)
    oracle = Histogram(
        NAME,
        "Time from the arrival of a request to the end of its answer, by route template.",
        ("method", "route", "status"),
        buckets=BUCKETS,
        registry=library,
    )
    for series in SERIES:
        for seconds in SECONDS:
            durations.labels(*series).observe(seconds)
            oracle.labels(*series).observe(seconds)

    rendered, wanted = (
        sorted(line for line in generate_latest(each).decode().splitlines() if "_created" not in line)
        for each in (ours, library)
    )
    assert rendered == wanted


def test_the_same_labels_are_the_same_series() -> None:
    durations = RequestDurations(BUCKETS)

    assert durations.labels(*SERIES[0]) is durations.labels(*SERIES[0])
    assert durations.labels(*SERIES[0]) is not durations.labels(*SERIES[1])


def test_a_name_that_is_taken_is_refused() -> None:
    registry = CollectorRegistry()
    registry.register(RequestDurations(BUCKETS))

    with pytest.raises(ValueError, match="Duplicated"):
        registry.register(RequestDurations(BUCKETS))
