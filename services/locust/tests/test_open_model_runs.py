"""Arrival rates in real runs: shared over workers that come and go, kept, and each start begun or dropped."""

import itertools
import time
from typing import Any

import pytest

from perf_core.model.series import Recording
from perf_core.model.verdict import Validity
from perf_core.report.waits import wait_context

OPEN = """
import os, time
from locust import FastHttpUser, task
from perf_locust.users import ArrivalRateUser, constant_rate
due = os.open(f"due-{os.getpid()}.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
class Buyer(ArrivalRateUser, FastHttpUser):
    rate = constant_rate(60)
    def on_start(self):
        time.sleep(float(os.environ.get("LOGIN_SECONDS", 0.01)))
    def _take(self):
        self.due = super()._take()
        return self.due
    @task
    def look(self):
        os.write(due, b"%.6f\\n" % self.due)
        self.client.get(PATH)
"""


CLASSES = """
from locust import FastHttpUser, task
from perf_locust.users import ArrivalRateUser, poisson_rate, staged_rate
class Poisson(ArrivalRateUser, FastHttpUser):
    rate = poisson_rate(80)
    @task
    def ask(self): self.client.get("/poisson")
class Staged(ArrivalRateUser, FastHttpUser):
    rate = staged_rate([(0, 20), (5, 60), (9, 60)])
    @task
    def ask(self): self.client.get("/staged")
"""


def test_all_starts_of_each_class_happen_though_a_worker_has_users_of_one_only(server, locusts) -> None:
    (locusts.folder / "plain.py").write_text(CLASSES)
    master, *_ = locusts.distributed(server, 12)
    assert master.wait(90) in {0, 4}, locusts.log()
    recording = locusts.recording()
    requests = {key.name: series.requests for key, series in recording.endpoints.items()}

    assert requests["/staged"] == pytest.approx(200 + 60 * 7, rel=0.2)
    assert requests["/poisson"] == pytest.approx(80 * 12, rel=0.2)
    assert recording.requests == server.served()
    assert counted(recording, "due") == recording.requests + counted(recording, "dropped")


def counted(recording: Recording, name: str) -> int:
    """Return what all workers counted in the run."""
    return int(sum(gauge.values[-1] for gauge in recording.gauges if gauge.name == f"arrivals_{name}"))


def at_work(door: Any) -> int:
    """Return how many workers have users."""
    return sum(worker["users"] > 0 for worker in door("/perf/snapshot")["workers"])


def starts(locusts) -> list[float]:
    """Return when the starts that users have got were due, over all workers."""
    return sorted(float(line) for file in locusts.folder.glob("due-*.txt") for line in file.read_text().split())


def two_workers(server, locusts, run_time: str) -> tuple[Any, Any]:
    """Start a run of 60 iterations a second; return the master and the first worker."""
    (locusts.folder / "plain.py").write_text(OPEN.replace("PATH", '"/fast"'))
    load = ["--headless", "-H", server.url, "-u", "20", "-r", "20", "-t", run_time, "--expect-workers", "2"]
    master = locusts.master(*load)
    first, _ = locusts.worker(0), locusts.worker(1)
    server.wait_for(240)  # four seconds: in the first three whoever comes takes part at once
    return master, first


def test_a_worker_that_leaves_hands_its_starts_over_and_none_is_lost(server, locusts) -> None:
    master, first = two_workers(server, locusts, "7s")
    left = time.time()
    first.terminate()
    assert master.wait(90) in {0, 4}, locusts.log()
    recording = locusts.recording()
    due = [at for at in starts(locusts) if at > left - 1]
    missing = [round(60 * (after - before)) - 1 for before, after in itertools.pairwise(due)]

    assert first.wait(60) == 0, locusts.log("worker-0")
    assert len(due) > 60
    assert min(missing) == 0, "no start is begun twice"
    assert sum(missing) <= counted(recording, "dropped")
    assert counted(recording, "due") == recording.requests + counted(recording, "dropped")
    assert recording.requests == server.served()
    assert [event.kind for event in recording.info.events if event.kind.startswith("worker_")] == ["worker_left"]
    assert not [each for each in recording.info.validity_reasons if "lost" in each]


def test_starts_that_a_slow_target_makes_late_or_drops_are_told_in_the_report(server, locusts) -> None:
    (locusts.folder / "plain.py").write_text(OPEN.replace("PATH", '"/slow"').replace("(60)", "(120)"))
    alone = locusts.start("alone", "--headless", "-H", server.url, "-u", "1", "-t", "5s")
    assert alone.wait(60) in {0, 4}, locusts.log("alone")  # one user, 20 ms an answer: fewer than 50 of 120 a second
    recording = locusts.recording()
    due, late, dropped, cut_off = (counted(recording, name) for name in ("due", "late", "dropped", "cut_off"))
    page = next((locusts.folder / "runs").glob("*/report.html")).read_text()
    ((key, intended),) = recording.intended.items()
    actual = recording.endpoints[key].ok.histogram()

    assert recording.requests == server.served() == due - dropped
    assert 20 < late <= recording.requests
    assert f"{due} starts were due, {late} began over 0.1 s late" in page
    assert f"{dropped - cut_off} were dropped because no user was free within a second" in page
    assert f"{dropped - cut_off} of {due} starts of the arrival rate were dropped" in str(
        recording.info.validity_reasons
    )
    assert dropped > cut_off > 0
    assert f"{cut_off} more because the users were stopped" in page
    assert intended.total == actual.total == recording.requests
    assert intended.quantile(0.5) > actual.quantile(0.5) + 0.1


def test_a_rate_over_two_workers_is_kept_changed_and_told_when_users_are_too_few(server, locusts) -> None:
    from test_pacing import door_of, rate

    master, first = two_workers(server, locusts, "600s")
    door = door_of(locusts)
    locusts.environment["LOGIN_SECONDS"] = "2.5"
    third = locusts.worker(2)
    locusts.eventually(lambda: at_work(door) == 3, "its users, who sign in for a while")
    began = time.time() + 1
    joined = locusts.folder / f"due-{third.pid}.txt"
    locusts.eventually(lambda: joined.exists() and joined.stat().st_size > 0, "the starts of the third worker")
    time.sleep(2)
    due = [at for at in starts(locusts) if began < at < time.time() - 1]
    steps = [after - before for before, after in itertools.pairwise(due)]
    assert steps == pytest.approx([1 / 60] * len(steps), abs=1e-4), "a worker joined: no start is lost, none is twice"
    assert door("/perf/pace", {"rate": 120})["missing"] == []
    time.sleep(1)
    assert rate(server, 3) == pytest.approx(120, rel=0.1)
    first.terminate()
    first.wait(60)
    time.sleep(2)
    assert rate(server, 3) == pytest.approx(120, rel=0.1), "the worker that is left takes all starts"
    door("/perf/pace", {"rate": 20000})
    locusts.eventually(lambda: door("/perf/snapshot")["dropped"] > 500, "dropped starts")
    master.terminate()
    assert master.wait(90) in {0, 4}, locusts.log()
    recording = locusts.recording()
    context = wait_context(recording)
    started = {gauge.source: gauge.values[-1] for gauge in recording.gauges if gauge.name == "arrivals_due"}

    assert counted(recording, "due") == recording.requests + counted(recording, "dropped")
    assert len(started) == 3
    assert min(started.values()) > 100, "each of the three had starts"

    assert recording.info.validity is Validity.SUSPECT
    assert "starts of the arrival rate were dropped: no user was free; raise --users" in str(
        recording.info.validity_reasons
    )
    assert (recording.info.fingerprint["load_model"], recording.info.fingerprint["arrival_rate"]) == ("open", "60")
    assert context is not None
    assert "were dropped because no user was free within a second" in context.starts
    page = next((locusts.folder / "runs").glob("*/report.html")).read_text()
    assert context.starts in page
    assert "<h2>Latency from the intended start</h2>" in page
    (key,) = recording.intended
    assert recording.intended[key].total == recording.endpoints[key].ok.total == server.served()
    assert recording.intended[key].quantile(0.99) > recording.endpoints[key].ok.histogram().quantile(0.99)
