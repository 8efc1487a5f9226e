"""Locust's tables stay small, and show what they showed."""

from locust.env import Environment

from perf_locust.old_seconds import KEPT, OldSeconds


def test_old_seconds_are_forgotten_and_the_totals_stay() -> None:
    environment = Environment()
    stats, entry = environment.stats, environment.stats.get("/a", "GET")
    for second in range(200):
        for counted in (stats.total, entry):
            counted.num_requests += 1
            counted.num_reqs_per_sec[second] += 1
            counted.num_fail_per_sec[second] += 1
    stats.total.last_request_timestamp = 199.0
    stats.total.start_time = 1.0
    rate = entry.current_rps

    OldSeconds(environment).forget(199 - KEPT)

    assert sorted(entry.num_reqs_per_sec) == sorted(stats.total.num_fail_per_sec) == list(range(139, 200))
    assert (entry.current_rps, entry.num_requests) == (rate, 200)
    assert rate == 1.0


def test_copies_of_single_endpoints_go_and_those_of_all_together_stay() -> None:
    environment = Environment()
    stats = environment.stats
    for _ in range(2):
        stats.log_request("GET", "/a", 10, 1)
        OldSeconds(environment).forget_copies()

    assert stats.get("/a", "GET").response_times_cache is None
    assert stats.get("/a", "GET").response_times == {10: 2}
    assert stats.total.use_response_times_cache
