"""Arrival rates: when starts are due, who takes them, what is counted when nobody is free."""

import itertools
import math
import time
from random import Random
from typing import Any

import gevent
import pytest

from perf_core.errors import UsageError
from perf_locust.users.arrivals import PATIENCE, Arrivals, Turn
from perf_locust.users.schedule import Rate, Share, constant_rate, poisson_rate, staged_rate


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


def take(arrivals: Arrivals) -> float:
    """Begin the next start as a user does; return when it was due."""
    start = arrivals.queue()
    due = start.get()
    arrivals.begin_start(start)
    return due


def test_starts_without_a_free_user_wait_a_second_and_are_dropped_then() -> None:
    now = 100.0
    arrivals = Arrivals(Rate(((0.0, 10.0),)), clock=lambda: now)
    user = gevent.spawn(take, arrivals)
    gevent.sleep(0)
    for due in (100.0, 100.1, 100.2):
        arrivals._hand_out(due)
    user.join(5)
    now = 100.05
    second = take(arrivals)
    now = 100.2 + PATIENCE + 0.05
    third = gevent.spawn(take, arrivals)
    gevent.sleep(0)

    assert user.value == 100.0
    assert second == 100.1
    assert not third.ready()
    assert arrivals.dropped == 1
    third.kill()


def test_another_share_is_taken_at_once() -> None:
    arrivals, taken = Arrivals(constant_rate(0.001)), list[float]()
    arrivals.begin(time.time(), lambda: True)

    def user() -> None:
        while True:
            taken.append(take(arrivals))

    greenlet = gevent.spawn(user)
    arrivals.share(Turn(1, 2, 400.0))
    with gevent.Timeout(20):
        while len(taken) < 20:
            gevent.sleep(0.01)
    arrivals.settle()
    greenlet.kill()
    steps = [after - before for before, after in itertools.pairwise(taken)]

    assert steps == pytest.approx([2 / 400] * len(steps), abs=1e-4)


def test_a_worker_that_joins_takes_over_without_a_start_lost_or_twice() -> None:
    now, taken = 0.0, {name: list[float]() for name in ("first", "second", "late")}
    workers = {name: Arrivals(constant_rate(500), clock=lambda: 1000 + now) for name in taken}

    def user(name: str) -> None:
        while True:
            taken[name].append(take(workers[name]) - 1000)

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
        each.settle()
    gevent.killall(greenlets)
    numbers = sorted(round(at * 500) for at in itertools.chain.from_iterable(taken.values()))

    assert numbers[:499] == list(range(51, 550))
    assert min(taken["second"]) == pytest.approx(0.4, abs=0.005)
    assert min(taken["late"]) == pytest.approx(0.8, abs=0.007)


@pytest.mark.parametrize("rate", [constant_rate(1e6), staged_rate([(0, 5e5), (2, 1e6)]), poisson_rate(1e6)], ids=str)
def test_a_rate_nobody_can_reach_leaves_the_process_time_for_others_and_is_dropped(rate: Rate) -> None:
    now, beats = 0.0, 0
    arrivals = Arrivals(rate, clock=lambda: 1000 + now)

    def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            gevent.sleep(0)

    heart = gevent.spawn(beat)
    arrivals.begin(1000, lambda: True, Turn(since=0.001))
    gevent.sleep(0.01)
    now = PATIENCE + 0.9
    with gevent.Timeout(60):
        while arrivals.due < rate.due_by(0.95):
            gevent.sleep(0.001)
    arrivals.settle()
    heart.kill()
    old = rate.due_by(now - PATIENCE) - rate.due_by(0.001)

    assert arrivals.dropped - arrivals.cut_off == pytest.approx(old, abs=5 * math.sqrt(old) if rate.poisson else 1)
    assert arrivals.dropped == arrivals.due
    assert beats > 0.9 * arrivals.cut_off / 1000, "others have their turn after each thousand starts"
