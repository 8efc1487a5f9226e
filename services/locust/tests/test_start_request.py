"""What a start may ask for, and what it gets when it asks for less."""

import pytest

from perf_core.errors import UsageError
from perf_core.model.plan import RunPlan
from perf_locust.start_request import StartRequest


def test_what_is_not_asked_for_is_what_the_master_was_started_with() -> None:
    default = RunPlan(
        scenario="shop", labels={"team": "a", "commit": "old"}, thresholds={"thresholds.p95": "p95 < 1s"}
    )

    request = StartRequest.of({"users": 20, "run_time": 60, "labels": {"commit": "new"}, "strict": True})
    plan = request.plan(default)

    assert (request.users, request.spawn_rate, request.run_time, request.host) == (20, 10.0, 60.0, None)
    assert (plan.scenario, plan.strict) == ("shop", True)
    assert plan.labels == {"team": "a", "commit": "new"}
    assert plan.thresholds == default.thresholds


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (None, "send JSON"),
        ({"users": 0}, "users"),
        ({"users": 2.5}, "users"),
        ({"users": True}, "users"),
        ({"spawn_rate": -1}, "spawn_rate"),
        ({"run_time": "60"}, "run_time"),
        ({"host": 7}, "host"),
        ({"labels": {"commit": 1}}, "labels"),
        ({"thresholds": {"thresholds.p95": "fast please"}}, "fast please"),
        ({"policy": {"sigma_run": 2}}, "sigma_run"),
        ({"strict": "yes"}, "strict"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(body: object, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        StartRequest.of(body)
