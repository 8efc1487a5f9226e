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
from perf_locust.users.arrivals import PATIENCE, Arrivals
from perf_locust.users.schedule import Rate, Share, constant_rate, poisson_rate, staged_rate

OPEN = """
import time
from locust import FastHttpUser, task
from perf_locust.users import ArrivalRateUser, constant_rate
class Buyer(ArrivalRateUser, FastHttpUser):
    rate = constant_rate(60)
    def on_start(self):
        time.sleep(0.01)
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
        arrivals._start(due)
    user.join(5)
    now = 100.05
    second = arrivals.take()
    now = 100.2 + PATIENCE + 0.05
    third = gevent.spawn(arrivals.take)
    gevent.sleep(0)

    assert user.value == 100.0
    assert second == 100.1
    assert not third.ready()
    assert (arrivals.due, arrivals.dropped) == (3, 1)
    third.kill()
    assert not arrivals._idle, "a user that is stopped gets no start"


def test_another_share_is_taken_at_once() -> None:
    arrivals, taken = Arrivals(constant_rate(0.001)), list[float]()
    arrivals.begin(time.time(), lambda: True)

    def user() -> None:
        while True:
            taken.append(arrivals.take())

    greenlet = gevent.spawn(user)
    arrivals.share(1, 2, 400.0)
    with gevent.Timeout(20):
        while len(taken) < 20:
            gevent.sleep(0.01)
    arrivals.end()
    greenlet.kill()
    steps = [after - before for before, after in itertools.pairwise(taken)]

    assert steps == pytest.approx([2 / 400] * len(steps), abs=1e-4)


def at_work(door: Any) -> int:
    return sum(worker["users"] > 0 for worker in door("/perf/snapshot")["workers"])


def test_a_rate_over_two_workers_is_kept_changed_and_told_when_users_are_too_few(server, locusts) -> None:
    from test_pacing import door_of, rate

    (locusts.folder / "plain.py").write_text(OPEN.replace("PATH", '"/fast"'))
    load = ["--headless", "-H", server.url, "-u", "20", "-r", "20", "-t", "600s", "--expect-workers", "2"]
    master = locusts.master(*load)
    first, _ = locusts.worker(0), locusts.worker(1)
    server.wait_for(60)
    assert rate(server, 3) == pytest.approx(60, rel=0.1)
    door = door_of(locusts)
    assert door("/perf/pace", {"rate": 120})["missing"] == []
    time.sleep(1)
    assert rate(server, 3) == pytest.approx(120, rel=0.1)
    first.terminate()
    first.wait(60)
    time.sleep(2)
    assert rate(server, 3) == pytest.approx(120, rel=0.1), "the worker that is left takes all starts"
    locusts.worker(2)
    locusts.eventually(lambda: at_work(door) == 2, "the worker that joins to have users")
    time.sleep(1)
    assert rate(server, 3) == pytest.approx(120, rel=0.1), "the worker that joined takes its share, not more"
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
    (key,) = recording.intended
    assert recording.intended[key].total == recording.endpoints[key].ok.total == server.served()
    assert recording.intended[key].quantile(0.99) > recording.endpoints[key].ok.histogram().quantile(0.99)
