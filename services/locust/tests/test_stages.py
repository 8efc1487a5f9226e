"""How a master notices stages of a shape and users that are changed by hand."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from locust import LoadTestShape
from locust.env import Environment
from locust.runners import STATE_RUNNING

from perf_core.model.run import Interval, RunEvent, RunInfo
from perf_core.runstore import RunStore
from perf_locust.file_shape import FileShape
from perf_locust.run_session import RunSession
from perf_locust.settings import Settings
from perf_locust.shape_file import LoadShape
from perf_locust.stages import Stages

START = 1_790_000_000.0


class Steps(LoadTestShape):
    def tick(self) -> tuple[int, float]:
        return 1, 1.0


@pytest.fixture
def session(tmp_path: Path) -> Iterator[RunSession]:
    environment = {"PERF_RUNS_DIR": str(tmp_path / "runs")}
    info = RunInfo("r", "s", "http://t", started=START, users=10)
    session = RunSession(RunStore(tmp_path / "runs"), info, (), Settings.from_environment(environment))
    yield session
    session.ledger.close()
    session.close()


def watched(session: RunSession, asked: list[int], *, shape: bool, late: int = 0) -> tuple[RunEvent, ...]:
    """Look once a second while these users are asked for; `late` seconds later they are there."""
    environment, now = Environment(), [START]
    environment.shape_class = Steps() if shape else None
    stages = Stages(environment, session, lambda: now[0])
    for second, users in enumerate(asked):
        now[0] = START + second
        there = asked[max(second - late, 0)]
        environment.runner = SimpleNamespace(target_user_count=users, user_count=there, state=STATE_RUNNING)
        stages.look()
    stages.end()
    return session.info.events


def test_each_plateau_of_a_shape_is_a_stage_and_moving_users_are_not_compared(session: RunSession) -> None:
    events = watched(session, [5] * 20 + [9] * 20 + [5] * 4, shape=True, late=3)

    assert events == tuple(
        RunEvent(START + at, "stage", name, name)
        for at, name in ((0, "stage 1: 5 users"), (20, "stage 2: 9 users"), (40, "stage 3: 5 users"))
    )
    assert session.info.unsettled[1] == Interval(START + 19, START + 24)


def test_changes_that_follow_fast_are_one_ramp(session: RunSession) -> None:
    events = watched(session, [*range(1, 31), *[30] * 20], shape=True)

    assert [(event.at - START, event.text) for event in events] == [
        (0, "stage 1: to 30 users"),
        (29, "stage 2: 30 users"),
    ]


def test_each_plateau_of_a_shape_of_rates_is_a_stage(session: RunSession) -> None:
    shape, now = FileShape(LoadShape("steps", "rate"), users=6), [START]
    environment = Environment()
    environment.shape_class = shape
    environment.runner = SimpleNamespace(target_user_count=6, user_count=6, state=STATE_RUNNING)
    stages = Stages(environment, session, lambda: now[0])
    for second, rate in enumerate([20.0] * 15 + [60.0] * 15 + [61.0, 62.0, 62.5]):
        now[0], shape.rate = START + second, rate
        stages.look()
    stages.end()

    assert [(event.at - START, event.text) for event in session.info.events] == [
        (0, "stage 1: 20/s"),
        (15, "stage 2: 60/s"),
        (30, "stage 3: to 62.5/s"),
        (32, "stage 4: 62.5/s"),
    ]
    assert session.info.unsettled[1] == Interval(START + 14, START + 17)


def test_users_changed_by_hand_begin_another_load_until_they_are_what_they_were(session: RunSession) -> None:
    events = watched(session, [10] * 5 + [25] * 5 + [10] * 5, shape=False, late=2)

    assert events == (
        RunEvent(START + 5, "users_changed", "users are 25 now", "25 users"),
        RunEvent(START + 10, "users_changed", "users are 10 now", ""),
    )
    assert session.info.unsettled == (Interval(START + 4, START + 8), Interval(START + 9, START + 13))


def test_a_steady_run_has_no_stage(session: RunSession) -> None:
    assert watched(session, [10] * 30, shape=False) == ()
