"""The gate of an interleaved test, with real greenlets."""

import time
from collections.abc import Callable

import gevent
from locust import TaskSet, User, between, constant, task
from locust.env import Environment

from perf_core.model.run import Block
from perf_locust.block_gate import BlockGate


class Nap(TaskSet):
    wait_time = constant(5)

    @task
    def nothing(self) -> None:
        """Do nothing."""


class Sleeper(User):
    wait_time = between(2, 2)
    tasks = (Nap,)


def finished(work: Callable[[], object], seconds: float) -> bool:
    greenlet = gevent.spawn(work)
    greenlet.join(seconds)
    done = greenlet.ready()
    greenlet.kill()
    return done


def test_a_gate_that_knows_no_blocks_lets_everybody_through() -> None:
    assert finished(lambda: BlockGate([]).wait(0), 5)


def test_nobody_passes_before_the_first_block_and_after_the_last() -> None:
    gate, now = BlockGate([]), int(time.time())

    gate.open_only_in((Block(now + 1000, now + 1010),))
    assert not finished(lambda: gate.wait(0), 0.2)

    gate.open_only_in((Block(now - 20, now - 10),))
    assert not finished(lambda: gate.wait(0), 0.2)

    gate.open_only_in((Block(now - 20, now - 10), Block(now - 5, now + 1000)))
    assert finished(lambda: gate.wait(0), 5)


def test_those_who_wait_already_are_told() -> None:
    gate, now = BlockGate([]), int(time.time())
    waiting = gevent.spawn(gate.wait, 1000.0)
    held = gevent.spawn(gate.wait, 0.0)
    gate.open_only_in((Block(now + 1000, now + 2000),))
    gevent.sleep(0.05)
    late = gevent.spawn(gate.wait, 0.0)
    gevent.sleep(0.05)

    gate.open_only_in((Block(now - 1, now + 2000),))
    late.join(5)

    assert held.ready()
    assert late.ready()
    assert not waiting.ready()
    waiting.kill()


def test_waiting_time_stands_still_while_the_gate_is_closed() -> None:
    begin = time.time()
    first = int(begin)
    gate = BlockGate([])
    gate.open_only_in((Block(first, first + 1), Block(first + 3, first + 60)))

    gate.wait(1.5)

    open_for = (first + 1 - begin) + (time.time() - first - 3)
    assert time.time() >= first + 3
    assert 1.49 <= open_for < 30  # two clocks


def test_waiting_times_of_users_and_their_task_sets_go_through_the_gate(monkeypatch) -> None:
    waited: list[float] = []
    gate, user = BlockGate([Sleeper]), Sleeper(Environment())
    monkeypatch.setattr(gate, "wait", waited.append)

    results = [Sleeper.wait_time(user), Nap(user).wait_time()]

    assert (waited, results) == ([2, 5], [0.0, 0.0])
