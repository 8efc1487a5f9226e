"""The drain barrier: the end of a run waits until every worker has stopped its users and emptied itself."""

import logging
import time

import gevent
from locust.runners import MasterRunner

from perf_locust.attendance import Attendance
from perf_locust.dispatcher import Dispatcher
from perf_locust.messages import DRAIN

log = logging.getLogger(__name__)
ASK_EVERY = 1.0
SPAWN_END = 2.0
"""Seconds that a ramp-up may take to notice that it is over; Locust waits for reports for one."""


def drain(runner: MasterRunner, attendance: Attendance, seconds: float) -> None:
    """Drain all workers of the run.

    A worker that answers has `seconds` to empty itself; one that is out of reach has until it counts as lost; one
    whose process is known to be dead holds nothing up.
    """
    Dispatcher.stop()
    _wait_for_the_ramp_up(runner)
    began, asked_at = time.monotonic(), 0.0
    answering: dict[str, float] = {}
    while True:
        attendance.look()
        left = attendance.unfinished()
        now = time.monotonic()
        for worker in left:
            if attendance.within_reach(worker):
                answering.setdefault(worker, max(now, began))
        for worker in [each for each in left if now - answering.get(each, now) > seconds]:
            attendance.session.lost(worker, "did not answer at the end of the run")
        if not attendance.unfinished():
            return
        if now - asked_at > ASK_EVERY:
            asked_at = now
            for worker in left:
                runner.send_message(DRAIN, {"run": attendance.session.info.id}, worker)
        gevent.sleep(0.02)


def _wait_for_the_ramp_up(runner: MasterRunner) -> None:
    deadline = time.monotonic() + SPAWN_END
    while not runner.spawning_completed and time.monotonic() < deadline:
        gevent.sleep(0.02)
