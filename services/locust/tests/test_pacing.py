"""Pacing, users and mix that are changed while a run is on: real masters and workers, measured from the recording."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import gevent
import pytest
from conftest import LOCUSTFILE
from locust import User, between, constant, task
from markupsafe import escape
from test_open_model_runs import OPEN

from perf_core.errors import UsageError
from perf_core.model.plan import RunPlan
from perf_core.report.outside import printable
from perf_locust.acknowledgements import Acknowledgements
from perf_locust.pace import Pace
from perf_locust.pace_gate import PaceGate
from perf_locust.shape_file import read_shape
from perf_locust.shape_hold import ShapeHold
from perf_locust.task_weights import TaskWeights

SLEEPERS = """
from locust import FastHttpUser, between, task
from perf_locust.samplers import mix, sampler
accounts = mix("accounts", {"gold": sampler([{"path": "/gold"}]), "tin": sampler([{"path": "/tin"}])},
               {"gold": 0, "tin": 1})
class Sleeper(FastHttpUser):
    wait_time = between(30, 60)
    @task
    def first(self): self.client.get(accounts.next(self)["path"])
    @task(0)
    def second(self): self.client.get("/second")
"""
SHAPE = """
from locust import LoadTestShape
class Steady(LoadTestShape):
    def tick(self): return (10, 10) if self.get_run_time() < 12 else None
"""


@dataclass(frozen=True)
class Door:
    """The control routes of a master."""

    url: str
    token: str

    def __call__(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers)) as answer:
                return {"status": answer.status, **json.load(answer)}
        except urllib.error.HTTPError as refused:
            return {"status": refused.code, **json.load(refused)}


def door_of(locusts) -> Door:
    files = locusts.folder / "runs"
    locusts.eventually(lambda: any(files.glob("*/master.json")), "the master's address")
    known = json.loads(next(files.glob("*/master.json")).read_text())
    return Door(known["url"], known["token"])


def rate(server, seconds: float) -> float:
    """Requests a second, as the server counts them."""
    before, began = server.served(), time.monotonic()
    time.sleep(seconds)
    return (server.served() - before) / (time.monotonic() - began)


def test_forty_sleeping_users_are_paced_on_every_worker_and_given_back(server, locusts) -> None:
    (locusts.folder / "plain.py").write_text(SLEEPERS)
    load = ["--headless", "-H", server.url, "-u", "40", "-r", "40", "-t", "600s", "--expect-workers", "2"]
    master = locusts.master(*load)
    locusts.worker(0), locusts.worker(1)
    server.wait_for(35)
    door = door_of(locusts)

    first = door("/perf/pace", {"seconds": 1, "by": "ana"})
    assert (first["status"], first["revision"], first["missing"]) == (200, 1, [])
    assert set(first["acknowledged"].values()) == {1}
    assert len(first["acknowledged"]) == 2
    time.sleep(1)
    slow = rate(server, 3)
    door("/perf/pace", {"seconds": 0.2, "revision": 1})
    time.sleep(1)
    fast = rate(server, 3)
    assert slow == pytest.approx(40, rel=0.1)
    assert fast == pytest.approx(200, rel=0.1)
    assert json.loads(json.dumps(door("/perf/snapshot")))["pacing"] == 0.2

    late = door("/perf/pace", {"seconds": 9, "revision": 1})
    assert late["status"] == 409
    assert (
        "meanwhile somebody set pacing: 1 s from start to start -> 0.2 s from start to start (revision 2"
        in late["error"]
    )
    assert door("/perf/pace", {"seconds": "fast"})["status"] == 422

    locusts.worker(2)
    locusts.eventually(lambda: len(door("/perf/pace")["acknowledged"]) == 3, "the third worker")
    locusts.eventually(lambda: not door("/perf/pace")["missing"], "its acknowledgement")
    mixed = door(
        "/perf/pace",
        {"rate": 60, "users": 20, "tasks": {"second": 1, "Sleeper.first": 1}, "sources": {"accounts": {"gold": 9}}},
    )
    assert mixed["tasks"] == {"Sleeper.first": 1.0, "Sleeper.second": 1.0}
    assert mixed["sources"] == {"accounts": {"gold": 9.0, "tin": 1.0}}
    locusts.eventually(lambda: door("/perf/run")["users"] == 20, "twenty users")
    time.sleep(2)
    assert rate(server, 3) == pytest.approx(60, rel=0.15)

    door("/perf/pace", {"reset": True})
    locusts.eventually(lambda: rate(server, 1) < 10, "sleep")
    master.terminate()
    assert master.wait(90) == 0, locusts.log()
    recording = locusts.recording()
    kinds = [event.kind for event in recording.info.events if event.kind.endswith("_changed")]
    names = {key.name: series.requests for key, series in recording.endpoints.items()}

    assert kinds == ["pacing_changed"] * 3 + ["users_changed", "mix_changed", "pacing_changed", "mix_changed"]
    assert names["/second"] > 30
    assert names["/gold"] > 30
    assert any("by ana" in event.text for event in recording.info.events)
    page = (locusts.folder / "runs" / recording.info.id / "report.html").read_text()
    for event in recording.info.events:
        if event.kind.endswith("_changed"):
            mark = f'<title>{escape(printable(event.text, 120))}</title><path class="pf-mark"'
            assert mark in page, "each change is drawn into the charts"
    assert recording.info.unsettled


def test_pacing_that_nobody_can_keep_is_told_and_a_shape_yields(server, locusts) -> None:
    text = SLEEPERS.replace("between(30, 60)", "between(20, 20)").replace('"/tin"', '"/slow"')
    (locusts.folder / "plain.py").write_text(text + SHAPE)
    single = locusts.start("single", "--headless", "-H", server.url)
    server.wait_for(8)
    door = door_of(locusts)

    assert door("/perf/pace", {"seconds": 0.001, "users": 4})["status"] == 200
    locusts.eventually(lambda: door("/perf/run")["users"] == 4, "the shape to yield")
    locusts.eventually(lambda: "pacing_missed" in locusts.log("single"), "that it cannot be kept")
    assert single.wait(90) in {0, 4}

    (missed,) = [event.text for event in locusts.recording().info.events if event.kind == "pacing_missed"]
    assert missed.startswith("0.001 s from start to start cannot be kept: on this process ")
    assert missed.endswith("of the iterations began late, for those before took longer; add users, or ask for less")


@pytest.mark.parametrize("users", ["ArrivalRateUser", "closed"])
def test_a_shape_of_rates_from_a_file_yields_to_people_and_goes_on_when_they_reset(
    users: str, server, locusts
) -> None:
    text = LOCUSTFILE if users == "closed" else OPEN.replace("PATH", '"/fast"')
    (locusts.folder / "plain.py").write_text(text)
    (locusts.folder / "shape.toml").write_text(
        'kind = "steps"\nof = "rate"\nlevels = [20, 60, 60, 60, 60, 60]\nevery = 5\nusers = 20'
    )
    locusts.environment["PERF_RUN_PLAN"] = RunPlan(
        shape=read_shape(locusts.folder / "shape.toml").document()
    ).to_json()
    master = locusts.master("--headless", "-H", server.url, "--expect-workers", "1")
    locusts.worker(0)
    server.wait_for(10)
    door = door_of(locusts)

    assert door("/perf/pace")["pacing"] == "20 iterations/s over all users, by the load shape"
    locusts.eventually(lambda: rate(server, 1) == pytest.approx(60, rel=0.15), "the second step")
    assert door("/perf/pace", {"rate": 120, "by": "ana"})["missing"] == []
    locusts.eventually(lambda: rate(server, 1) == pytest.approx(120, rel=0.15), "what ana set")
    assert door("/perf/pace", {"users": 30})["pacing"] == "120 iterations/s over all users"
    locusts.eventually(lambda: door("/perf/run")["users"] == 30, "thirty users")
    back = door("/perf/pace", {"reset": True})["pacing"]
    locusts.eventually(lambda: rate(server, 1) == pytest.approx(60, rel=0.15), "the shape's rate")
    locusts.eventually(lambda: door("/perf/run")["users"] == 20, "the shape's users")
    master.terminate()
    assert master.wait(90) in {0, 4}, locusts.log()
    told = [event.text for event in locusts.recording().info.events if event.kind == "pacing_changed"]

    assert back == "60 iterations/s over all users, by the load shape"
    assert told == [
        f"pacing: {back} -> 120 iterations/s over all users by ana",
        f"pacing: 120 iterations/s over all users -> {back}",
    ]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"seconds": 0}, "seconds is 0; give a number above 0"),
        ({"seconds": -1}, "seconds is -1; give a number above 0"),
        ({"seconds": "fast"}, "seconds is 'fast'; give a number above 0"),
        ({"seconds": True}, "seconds is True"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"rate": float("inf")}, "rate is inf; give a number above 0 and at most 1e+06"),
        ({"seconds": 1, "rate": 1}, "seconds and rate both set the pacing"),
        ({"users": 0}, "users is 0; give a whole number from 1 to 1000000"),
        ({"users": 1.5}, "users is 1.5"),
        ({"tasks": 7}, "tasks is 7; send weights by name"),
        ({"sources": {"a": 7}}, "sources is {'a': 7}; send weights by name"),
        ({"pace": 1}, "'pace' is nothing that can be set"),
        ({"reset": "no"}, "reset is 'no'; send true"),
        ({"seconds": 1, "revision": "3"}, "revision is '3'; send the whole number"),
        ({"reset": True, "rate": 1}, "send it without seconds, rate"),
        ({}, "nothing is asked for"),
    ],
    ids=str,
)
def test_wrong_values_are_refused_with_a_reason(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError) as raised:
        Pace().changed(body)

    assert sentence in str(raised.value)


def test_the_rates_of_a_load_shape_yield_to_people_only_as_far_as_they_set_the_pacing() -> None:
    shaped = Pace().following(10.0).following(20.0)
    peopled = shaped.changed({"users": 7, "by": "ana"})
    paced = peopled.changed({"seconds": 2})

    assert (shaped.revision, shaped.asked, shaped.rate, shaped.shaped) == (2, 0, 20.0, True)
    assert (peopled.asked, peopled.following(30.0).rate, peopled.following(30.0).users) == (3, 30.0, 7)
    assert paced.following(40.0) is paced
    assert paced.changed({"reset": True}).following(40.0).rate == 40.0


def test_a_worker_that_owes_an_acknowledgement_is_told_again_and_named_once() -> None:
    told = Acknowledgements()
    sent = [told.send("a", 1, 0.5, at) for at in (10.0, 10.5, 11.1)]
    named = [told.look(told.missing(["a", "b"], 1), at) for at in (10.0, 11.9, 12.1, 15.0)]
    new = [told.take("b", 1, error) for error in ("", "no such mix", "no such mix")]
    told.look(told.missing(["a", "b"], 1), 16.0)

    assert sent == [True, False, True]
    assert named == [[], [], ["a", "b"], []]
    assert new == [False, True, False]
    assert told.heard() == {"b": 10.0}
    assert told.heard() == {}
    assert told.silent == {"a": 10.0}


class One(User):
    wait_time = between(1000, 1000)

    @task(3)
    def look(self) -> None:
        """Do nothing."""

    @task(1)
    def order(self) -> None:
        """Do nothing."""


def test_users_that_sleep_are_spread_when_pacing_begins_and_stay_so() -> None:
    class Sleepy(User):
        wait_time = constant(100)

    gate, now, woken = PaceGate([Sleepy]), 0.0, list[float]()
    gate._clock = lambda: now

    def sleep(user: Any) -> None:
        Sleepy.wait_time(user)  # type: ignore[call-arg,arg-type]
        woken.append(user._perf_started)

    greenlets = [gevent.spawn(sleep, type("Who", (), {"_state": None})()) for _ in range(200)]
    gevent.sleep(0)
    gate.set(10.0)
    gevent.sleep(0)
    now = 0.0
    gate.set(1.0)
    gevent.sleep(0)
    now = 1.5
    gevent.joinall(greenlets, timeout=30)

    assert len(woken) == 200
    assert all(0 <= at <= 1 for at in woken)
    for tenth in range(10):
        assert 5 <= sum(tenth / 10 <= at < (tenth + 1) / 10 for at in woken) <= 40


def test_a_paced_user_keeps_its_place_and_never_catches_up() -> None:
    gate, user = PaceGate([]), type("Who", (), {"_cp_last_run": 0.0})()
    gate._seconds = 1.0

    assert gate._due(user, 0.3, 1.0) == 1.0
    user._perf_started = 1.0
    assert gate._due(user, 2.05, 1.0) == 2.0, "a little late: its place is kept"
    assert gate._due(user, 9.0, 1.0) == 9.0, "iterations took longer: no burst"
    assert (gate.starts, gate.late) == (3, 1)


def test_weights_of_tasks_change_the_list_that_locust_draws_from() -> None:
    weights, tasks = TaskWeights([One]), One.tasks
    weights.set({"order": 5, "One.look": 0})
    assert {each.__name__ for each in tasks} == {"order"}  # type: ignore[union-attr]
    weights.set({"order": 0.5})
    shares = [each.__name__ for each in tasks]  # type: ignore[union-attr]
    assert shares.count("order") / len(shares) == pytest.approx(0.5 / 3.5, abs=0.01)
    weights.set({})
    assert len(tasks) == 4
    for changes, sentence in (
        ({"buy": 1}, "no task is called 'buy'; choose of One.look, One.order"),
        ({"look": 0, "order": 0}, "all tasks of One would have weight 0"),
        ({"look": -1}, "the weight of 'look' is -1"),
    ):
        with pytest.raises(UsageError, match=sentence):
            weights.set(changes)


def test_a_shape_is_held_and_released() -> None:
    class Shape:
        def tick(self) -> tuple[int, int] | None:
            return (10, 1)

    environment = type("Environment", (), {"shape_class": Shape()})()
    hold = ShapeHold(environment)
    hold.hold(25)
    held = environment.shape_class.tick()
    hold.release()

    assert held == (25, 25.0)
    assert environment.shape_class.tick() == (10, 1)
