"""Who took part in a run: a worker whose requests nobody recorded is named, however short it was there."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from perf_core.model.run import RunInfo
from perf_core.runstore import RunStore
from perf_locust.attendance import SILENT, Attendance
from perf_locust.run_session import RunSession
from perf_locust.settings import Settings


@pytest.fixture
def session(tmp_path: Path) -> Iterator[RunSession]:
    settings = Settings.from_environment({"PERF_RUNS_DIR": str(tmp_path / "runs")})
    session = RunSession(RunStore(tmp_path / "runs"), RunInfo("r", "s", "http://t", started=1.8e9), (), settings)
    yield session
    session.ledger.close()
    session.close()


@pytest.fixture
def attendance(session: RunSession) -> Attendance:
    return Attendance(SimpleNamespace(), session, 60.0)  # type: ignore[arg-type]  nobody is looked for


@pytest.mark.parametrize(
    ("reports", "users", "frames", "named"),
    [
        (SILENT, 3, None, True),
        (SILENT - 1, 3, None, False),
        (1, 3, 0, True),
        (1, 3, 2, False),
        (SILENT, 0, 0, False),
    ],
    ids=["silent", "not yet", "drained without a frame", "drained with frames", "had no users"],
)
def test_a_worker_with_users_and_without_samples_is_named(
    attendance: Attendance, session: RunSession, reports: int, users: int, frames: int | None, *, named: bool
) -> None:
    for _ in range(reports):
        attendance.note_report("w", users, frames=False)
    if frames is not None:
        attendance.note_drained("w", frames)

    assert session.incidents().silent_workers == (("w",) if named else ())


def test_a_frame_makes_up_for_reports_without_one(attendance: Attendance, session: RunSession) -> None:
    for frames in (*[False] * (SILENT - 1), True, False):
        attendance.note_report("w", 3, frames=frames)

    assert session.incidents().silent_workers == ()
