from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from perf_api.app import create_app
from perf_api.settings import Settings

CONTROLLER = "/v1/metrics-controller"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(database=f"sqlite:///{tmp_path / 'api.db'}", queue_seconds=0.01)
    with TestClient(create_app(settings)) as client:
        yield client


def move(client: TestClient, action: str, **more: Any) -> Any:
    return client.post(f"{CONTROLLER}/transitions", json={"action": action} | more)


def test_a_controller_is_idle_at_first(client: TestClient) -> None:
    seen = client.get(CONTROLLER).json()

    assert (seen["state"], seen["generation"], seen["queues"], seen["run_id"]) == ("idle", 0, [], None)
    assert seen["allowed"] == ["start", "reset"]


def test_a_recording_goes_through_all_states(client: TestClient) -> None:
    assert move(client, "start", run_id="run-1").json()["state"] == "recording"
    assert move(client, "pause").json()["state"] == "paused"
    assert move(client, "resume").json()["state"] == "recording"
    finished = move(client, "finish").json()

    assert (finished["state"], finished["run_id"], finished["generation"]) == ("finished", "run-1", 4)
    assert move(client, "reset").json() | {"read_at": None} == {
        "state": "idle",
        "generation": 5,
        "allowed": ["start", "reset"],
        "run_id": None,
        "active_seconds": 0.0,
        "paused_seconds": 0.0,
        "dropped_readings": 0,
        "queues": [],
        "read_at": None,
    }


def test_an_illegal_move_is_a_conflict_that_names_the_legal_ones(client: TestClient) -> None:
    answer = move(client, "finish")

    assert answer.status_code == 409
    assert "idle" in answer.json()["detail"]
    assert "start, reset" in answer.json()["detail"]
    assert client.get(CONTROLLER).json()["generation"] == 0


def test_an_old_generation_is_a_conflict(client: TestClient) -> None:
    assert move(client, "start", expected_generation=0).status_code == 200
    assert move(client, "finish", expected_generation=0).status_code == 409
    assert move(client, "finish", expected_generation=1).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"action": "explode"}, {}, {"action": "start", "more": 1}, {"action": "start", "run_id": "a b"}],
    ids=["unknown action", "no action", "unknown field", "run id that is none"],
)
def test_what_is_no_move_is_refused(client: TestClient, body: dict[str, object]) -> None:
    assert client.post(f"{CONTROLLER}/transitions", json=body).status_code == 422
    assert client.get(CONTROLLER).json()["state"] == "idle"


def test_what_it_records_is_seen_by_prometheus_and_in_the_summary(client: TestClient) -> None:
    registry = client.app.state.metrics.registry  # type: ignore[attr-defined]
    move(client, "start")
    while not client.get(CONTROLLER).json()["queues"]:
        pass  # the first readings come with the next turn of the event loop
    summary = move(client, "finish").json()
    queues = {queue["queue"]: queue for queue in summary["queues"]}

    assert set(queues) == {"invoices", "mail", "thumbnails"}
    assert set(queues["mail"]["quantiles"]) == {"0.5", "0.95", "1.0"}
    assert registry.get_sample_value("task_queue_length", {"queue": "mail"}) == queues["mail"]["length"]
