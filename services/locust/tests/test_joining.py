"""Workers that join a run that is on: their users may be at work before Locust tells the plugin of them."""

import signal
import time

import pytest

from perf_core.model.verdict import Validity

LONG = 200
LATE = """
import gevent
from locust import events
# Locust fires `init` after the worker has connected; here it takes its time, as on a busy machine.
events.init.add_listener(lambda **_: gevent.sleep(3))
from perf_locust.__main__ import main
main()
"""


JUST_THEN = """
import gevent
from gevent.event import Event
from locust import events
from locust.runners import WorkerRunner
# The plugin comes between the message that asks for users and the first user, who takes his time: a busy machine.
there, start = Event(), WorkerRunner.start_worker
WorkerRunner.start_worker = lambda *args, **named: (there.wait(), start(*args, **named))
def wait(environment, **_):
    while environment.runner.worker_state == "ready":
        gevent.sleep(0)
    environment.runner.state = "ready"  # as it is until the first user is started
    gevent.spawn_later(1, there.set)
events.init.add_listener(wait)
from perf_locust.__main__ import main
main()
"""


@pytest.mark.parametrize("program", [LATE, JUST_THEN], ids=["late", "just then"])
def test_what_a_worker_asks_before_locust_is_ready_is_recorded_too(program: str, server, locusts) -> None:
    master, *_ = locusts.distributed(server, 15, workers=1)
    server.wait_for(50)
    locusts.worker(1, program=("-c", program))

    assert master.wait(LONG) == 0, locusts.log()
    recording = locusts.recording()
    sources = {gauge.source for gauge in recording.gauges if gauge.name == "users"}

    assert len(sources) == 2
    assert recording.requests == server.served()
    assert recording.info.validity is Validity.VALID, recording.info.validity_reasons


def test_a_worker_whose_requests_nobody_records_makes_the_run_suspect(server, locusts) -> None:
    master, *_ = locusts.distributed(server, 15, workers=1)
    server.wait_for(50)
    locusts.worker(1, program=("-m", "locust"))

    assert master.wait(LONG) == 4, locusts.log()
    recording = locusts.recording()

    assert recording.info.validity is Validity.SUSPECT
    assert "had users and sent no samples; start every worker with `python -m perf_locust`" in " ".join(
        recording.info.validity_reasons
    )
    assert "worker_lost" in [event.kind for event in recording.info.events]


SLOW = """
import gevent
from locust import FastHttpUser, constant, task
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    @task
    def long(self):
        self.client.get("/slow")
        gevent.sleep(4)
    @task(5)
    def fast(self): self.client.get("/fast")
"""


def test_a_worker_that_leaves_while_another_joins_takes_no_users_any_more(server, locusts) -> None:
    (locusts.folder / "plain.py").write_text(SLOW)
    master, first, _ = locusts.distributed(server, 20)
    server.wait_for(200)
    first.send_signal(signal.SIGTERM)
    for number in (2, 3, 4):
        locusts.worker(number)
        time.sleep(1)

    assert first.wait(LONG) == 0, locusts.log("worker-0")
    assert master.wait(LONG) == 0, locusts.log()
    recording = locusts.recording()

    assert recording.requests == server.served()
    assert recording.info.lost_requests == 0, recording.info.validity_reasons
