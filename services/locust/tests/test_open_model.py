"""Arrival rates: when starts are due, who takes them, what is counted when nobody is free, and a real run."""

import itertools
import math
import time
from random import Random
from typing import Any

import gevent
import pytest

from perf_core.errors import UsageError
from perf_core.model.verdict import Validity
from perf_core.report.waits import wait_context
from perf_locust.users.arrivals import PATIENCE, Arrivals, Turn
from perf_locust.users.schedule import Rate, Share, constant_rate, poisson_rate, staged_rate

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
        at = super()._take()
        os.write(due, b"%.6f\\n" % at)
        return at
    @task
    def look(self): self.client.get(PATH)
"""


def test_the_integral_of_a_staged_rate_and_its_inverse() -> None:
    rate = staged_rate([(0, 0), (10, 100), (20, 100), (30, 0)])

    assert [rate.due_by(at) for at in (0, 10, 15, 20, 30, 99)] == pytest.approx([0, 500, 1000, 1500, 2000, 2000])
    for starts in (0.5, 3, 499, 500, 501, 1500, 1999):
        assert rate.due_by(rate.when(starts)) == pytest.approx(starts)
    assert math.isinf(rate.when(2001))
    assert str(rate) == "0/s at 0 s, 100/s at 10 s, 100/s at 20 s, 0/s at 30 s"


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_share_the_starts_evenly_without_one_twice(workers: int) -> None:
    rate = constant_rate(100)
    shares = [Share(rate, index, workers, 2.0, Random(1)) for index in range(workers)]
    taken = [[share.take() for _ in range(40)] for share in shares]
    together = sorted(itertools.chain.from_iterable(taken))

    assert together[0] == pytest.approx(2.01)
    assert [after - before for before, after in itertools.pairwise(together)] == pytest.approx(
        [0.01] * (40 * workers - 1)
    )


def test_poisson_starts_have_the_rate_and_the_variance_of_their_kind() -> None:
    shares = [Share(poisson_rate(1000), index, 2, 0.0, Random(index)) for index in range(2)]
    starts = sorted(at for share in shares for at in itertools.takewhile(lambda at: at < 20, iter(share.take, None)))
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)

    assert len(starts) == pytest.approx(20_000, rel=0.04)
    assert math.sqrt(variance) / mean == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: constant_rate(0), "is 0 all the time"),
        (lambda: constant_rate(-1), "an arrival rate is -1"),
        (lambda: constant_rate(float("nan")), "an arrival rate is nan"),
        (lambda: staged_rate([(0, 1), (0, 2)]), "let them rise from 0"),
        (lambda: staged_rate([]), "let them rise from 0"),
    ],
)
def test_rates_that_make_no_sense_are_refused(make: Any, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        make()


def test_starts_without_a_free_user_wait_a_second_and_are_dropped_then() -> None:
    now = 100.0
    arrivals = Arrivals(Rate(((0.0, 10.0),)), clock=lambda: now)
    user = gevent.spawn(arrivals.take)
    gevent.sleep(0)
    for due in (100.0, 100.1, 100.2):
        arrivals._hand_out(due)
    user.join(5)
    now = 100.05
    second = arrivals.take()
    now = 100.2 + PATIENCE + 0.05
    third = gevent.spawn(arrivals.take)
    gevent.sleep(0)

    assert user.value == 100.0
    assert second == 100.1
    assert not third.ready()
    assert arrivals.dropped == 1
    third.kill()
    assert not arrivals._idle, "a user that is stopped gets no start"


def test_another_share_is_taken_at_once() -> None:
    arrivals, taken = Arrivals(constant_rate(0.001)), list[float]()
    arrivals.begin(time.time(), lambda: True)

    def user() -> None:
        while True:
            taken.append(arrivals.take())

    greenlet = gevent.spawn(user)
    arrivals.share(Turn(1, 2, 400.0))
    with gevent.Timeout(20):
        while len(taken) < 20:
            gevent.sleep(0.01)
    arrivals.end()
    greenlet.kill()
    steps = [after - before for before, after in itertools.pairwise(taken)]

    assert steps == pytest.approx([2 / 400] * len(steps), abs=1e-4)


def test_a_worker_that_joins_takes_over_without_a_start_lost_or_twice() -> None:
    now, taken = 0.0, {name: list[float]() for name in ("first", "second", "late")}
    workers = {name: Arrivals(constant_rate(500), clock=lambda: 1000 + now) for name in taken}

    def user(name: str) -> None:
        while True:
            taken[name].append(workers[name].take() - 1000)

    def pass_until(then: float) -> None:
        nonlocal now
        while now < then:
            now += 0.02
            gevent.sleep(0.003)

    greenlets = [gevent.spawn(user, name) for name in taken for _ in range(5)]
    workers["first"].begin(1000, lambda: True, Turn(since=0.1))
    pass_until(0.2)
    workers["second"].begin(1000, lambda: True, Turn(1, 2, None, 0.4))
    workers["first"].share(Turn(0, 2, None, 0.4))
    workers["first"].share(Turn(0, 3, None, 0.8))
    pass_until(0.5)
    workers["second"].share(Turn(1, 3, None, 0.8))
    pass_until(1.0)
    workers["late"].begin(1000, lambda: True, Turn(2, 3, None, 0.8))
    pass_until(1.2)
    with gevent.Timeout(20):
        while max(taken["late"], default=0) < 1.1:
            gevent.sleep(0.01)
    for each in workers.values():
        each.end()
    gevent.killall(greenlets)
    numbers = sorted(round(at * 500) for at in itertools.chain.from_iterable(taken.values()))

    assert numbers[:499] == list(range(51, 550))
    assert min(taken["second"]) == pytest.approx(0.4, abs=0.005)
    assert min(taken["late"]) == pytest.approx(0.8, abs=0.007)


def test_a_start_that_a_stopped_user_had_got_goes_to_another() -> None:
    arrivals = Arrivals(constant_rate(1), clock=lambda: 100.0)
    stopped, other = gevent.spawn(arrivals.take), gevent.spawn(arrivals.take)
    gevent.sleep(0)
    stopped.kill(block=False)
    for due in (99.8, 99.9):
        arrivals._hand_out(due)
    stopped.join(5)

    assert other.get(timeout=5) == 99.8
    assert gevent.spawn(arrivals.take).get(timeout=5) == 99.9


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
    due = [gauge.values[-1] for gauge in recording.gauges if gauge.name == "arrivals_due"]

    assert requests["/staged"] == pytest.approx(200 + 60 * 7, rel=0.2)
    assert requests["/poisson"] == pytest.approx(80 * 12, rel=0.2)
    assert recording.requests == server.served()
    assert 0 <= sum(due) - recording.requests <= 10, "at the end a user may be stopped that has just got a start"


def at_work(door: Any) -> int:
    """Return how many workers have users."""
    return sum(worker["users"] > 0 for worker in door("/perf/snapshot")["workers"])


def starts(locusts) -> list[float]:
    """Return when the starts that users have got were due, over all workers."""
    return sorted(float(line) for file in locusts.folder.glob("due-*.txt") for line in file.read_text().split())


def test_a_rate_over_two_workers_is_kept_changed_and_told_when_users_are_too_few(server, locusts) -> None:
    from test_pacing import door_of, rate

    (locusts.folder / "plain.py").write_text(OPEN.replace("PATH", '"/fast"'))
    load = ["--headless", "-H", server.url, "-u", "20", "-r", "20", "-t", "600s", "--expect-workers", "2"]
    master = locusts.master(*load)
    first, _ = locusts.worker(0), locusts.worker(1)
    server.wait_for(240)  # four seconds: in the first three whoever comes takes part at once
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
    door("/perf/pace", {"rate": 4000})
    locusts.eventually(lambda: door("/perf/snapshot")["dropped"] > 500, "dropped starts")
    master.terminate()
    assert master.wait(90) in {0, 4}, locusts.log()
    recording = locusts.recording()
    context = wait_context(recording)
    started = {gauge.source: gauge.values[-1] for gauge in recording.gauges if gauge.name == "arrivals_due"}

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
