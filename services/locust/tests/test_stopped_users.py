"""Users that are stopped or killed: no iteration is torn, and each start of an arrival rate is begun or dropped."""

import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any, ClassVar

import gevent
import pytest
from gevent.pool import Group
from locust import User, constant, task
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_INIT, STATE_SPAWNING, WorkerRunner

from perf_locust.block_gate import BlockGate
from perf_locust.messages import RUN_OPTION
from perf_locust.open_users import OpenUsers
from perf_locust.pace_gate import PaceGate
from perf_locust.users import ArrivalRateUser

WAYS: dict[str, Callable[[Any], object]] = {
    "stopped": lambda user: gevent.spawn(user.stop),
    "stopped by force": lambda user: gevent.spawn(user.stop, force=True),
    "killed": lambda user: user.greenlet.kill(block=False),
}


def buyers(starts_per_second: float = 1) -> Any:
    """Return a class of users whose iterations take a while."""

    class Buyer(ArrivalRateUser):
        rate = starts_per_second
        begun: ClassVar[list[str]] = []
        ended: ClassVar[list[str]] = []
        name = "other"
        before: Callable[[Any], object] | None = None

        def wait_time(self) -> float:
            left = super().wait_time()
            if self.before is not None:
                self.before(self)
            return left

        @task
        def buy(self) -> None:
            self.begun.append(self.name)
            gevent.sleep(0.005)
            self.ended.append(self.name)

    return Buyer


def start(user_class: Any, name: str, group: Group) -> Any:
    """Start a user, and let it wait for its first start."""
    user = user_class(Environment(user_classes=[user_class]))
    user.name = name
    user.start(group)
    gevent.sleep(0)
    return user


def wait_until(holds: Callable[[], bool]) -> None:
    with gevent.Timeout(20):
        while not holds():
            gevent.sleep(0.001)


@pytest.mark.parametrize("way", WAYS)
def test_a_start_that_a_user_has_got_and_not_begun_goes_to_another(way: str) -> None:
    buyer, group = buyers(), Group()
    user = start(buyer, "stopped", group)
    buyer.arrivals._hand_out(time.time())
    user.before = WAYS[way]
    wait_until(lambda: user._perf_start is not None)
    buyer.arrivals._hand_out(time.time())
    user.greenlet.join(20)
    start(buyer, "other", group)
    wait_until(lambda: buyer.ended == ["stopped", "other"])

    assert buyer.begun == ["stopped", "other"]
    assert (buyer.arrivals.begun, buyer.arrivals.dropped) == (2, 0)
    group.kill()


@pytest.mark.parametrize("way", ["stopped", "stopped by force"])
def test_a_user_that_is_stopped_as_it_gets_its_first_start_begins_nothing(way: str) -> None:
    buyer, group = buyers(), Group()
    user, _ = start(buyer, "stopped", group), start(buyer, "other", group)
    buyer.arrivals._idle.reverse()  # who waits first gets the next
    buyer.arrivals._hand_out(time.time())
    user.stop(force=way == "stopped by force")
    user.greenlet.join(20)
    wait_until(lambda: bool(buyer.ended))

    assert buyer.begun == buyer.ended == ["other"]
    assert buyer.arrivals.begun == 1
    group.kill()


@pytest.mark.parametrize("way", WAYS)
def test_a_user_that_is_stopped_gets_no_start(way: str) -> None:
    buyer, group = buyers(), Group()
    user = start(buyer, "stopped", group)
    WAYS[way](user)
    user.greenlet.join(20)
    buyer.arrivals._hand_out(time.time())
    buyer.arrivals.settle()

    assert not buyer.arrivals.waited_for
    assert buyer.begun == []
    assert (buyer.arrivals.dropped, buyer.arrivals.cut_off) == (1, 1)


class Idle(WorkerRunner):
    """A worker's runner without a master."""

    def __init__(self) -> None:
        self.state = self.worker_state = STATE_INIT
        self.custom_messages, self.greenlet = {}, Group()

    def send_message(self, *_: object, **__: object) -> None:
        """Nobody listens."""


def test_a_worker_that_only_paused_counts_on_and_a_new_run_counts_from_zero() -> None:
    buyer = buyers()
    environment = Environment(user_classes=[buyer])
    environment.runner, environment.parsed_options = Idle(), Namespace(**{RUN_OPTION: "first"})
    users, counted = OpenUsers(environment), []
    for run_id in ("first", "first", "second"):
        setattr(environment.parsed_options, RUN_OPTION, run_id)
        environment.events.test_start.fire(environment=environment)
        counted.append(users.gauges()["arrivals_due"])
        buyer.arrivals.due += 7

    assert counted == [0, 7, 0]


def test_a_share_that_comes_before_the_users_do_is_kept() -> None:
    buyer = buyers()
    environment = Environment(user_classes=[buyer])
    runner = environment.runner = Idle()
    environment.parsed_options = Namespace(**{RUN_OPTION: "first"})
    users = OpenUsers(environment)
    environment.events.test_start.fire(environment=environment)
    share = {"turns": {buyer.__name__: [0, 1, None, 0.0]}, "began": time.time()}
    users.on_share(Message("perf_arrivals", share, "worker"))
    runner.state = runner.worker_state = STATE_SPAWNING
    gevent.sleep(0.05)

    assert buyer.arrivals.running


def come_and_go(user_class: Any) -> None:
    """Stop half of the users and start as many, again and again."""
    runner = Environment(user_classes=[user_class], stop_timeout=10).create_local_runner()
    name = user_class.__name__
    runner.spawn_users({name: 40})
    for _ in range(25):
        gevent.sleep(0.02)
        runner.stop_users({name: 20})
        runner.spawn_users({name: 20})
    runner.stop()


def test_while_users_come_and_go_each_start_is_begun_or_dropped_and_no_iteration_is_torn() -> None:
    buyer = buyers(20_000)
    arrivals = buyer.arrivals
    come_and_go(buyer)
    arrivals.settle()

    assert len(buyer.begun) == len(buyer.ended) == arrivals.begun
    assert arrivals.begun + arrivals.dropped == arrivals.due > 500


def pace(user_class: Any, seconds: float | None) -> None:
    PaceGate([user_class]).set(seconds)


@pytest.mark.parametrize(
    ("wait", "prepare"),
    [
        (0, lambda user_class: pace(user_class, None)),
        (0.005, lambda user_class: pace(user_class, None)),
        (60, lambda user_class: pace(user_class, 0.001)),
        (0, lambda user_class: BlockGate([user_class])),
    ],
    ids=["no waiting time", "a short one", "paced", "interleaved"],
)
def test_no_iteration_of_a_closed_user_is_torn_when_it_is_stopped(wait: float, prepare: Callable[[Any], Any]) -> None:
    class Shopper(User):
        wait_time = constant(wait)
        begun: ClassVar[list[int]] = []
        ended: ClassVar[list[int]] = []

        @task
        def shop(self) -> None:
            self.begun.append(1)
            gevent.sleep(0.005)
            self.ended.append(1)

    prepare(Shopper)
    come_and_go(Shopper)

    assert len(Shopper.begun) == len(Shopper.ended) > 100


@pytest.mark.parametrize(
    "gate", [lambda each: BlockGate([each]), lambda each: PaceGate([each])], ids=["ab", "pacing"]
)
def test_a_user_may_have_an_attribute_user_of_its_own(gate: Callable[[type[User]], object]) -> None:
    class Customer(User):
        wait_time = constant(0.001)
        visits = 0

        def on_start(self) -> None:
            self.user = "ann"

        @task
        def visit(self) -> None:
            type(self).visits += 1

    gate(Customer)
    group = Group()
    Customer(Environment(user_classes=[Customer])).start(group)
    gevent.sleep(0.2)
    group.kill()

    assert Customer.visits > 2


def test_a_user_that_is_stopped_while_it_signs_in_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    signed_out = []

    class Buyer(ArrivalRateUser):
        def on_start(self) -> None:
            gevent.sleep(0.05)

        def on_stop(self) -> None:
            signed_out.append(self)

        @task
        def buy(self) -> None:
            """Never come to this."""

    group = Group()
    user = Buyer(Environment(user_classes=[Buyer]))
    user.start(group)
    gevent.sleep(0.01)
    user.stop()
    group.join(5)

    assert signed_out == [user]
    assert not caplog.records
