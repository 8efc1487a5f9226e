"""Workers that join a run that is on: their users may be at work before Locust tells the plugin of them."""

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


def test_what_a_worker_asks_before_locust_is_ready_is_recorded_too(server, locusts) -> None:
    master, *_ = locusts.distributed(server, 15, workers=1)
    server.wait_for(50)
    locusts.worker(1, program=("-c", LATE))

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
