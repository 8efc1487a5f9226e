"""What full capture costs a load generator: one FastHttpUser Locust, the recorder switched on and off every 0.5 s.

"On" is everything a worker does: the listener, the watch over the event loop, and once a second a reading of the host
and a frame that is encoded, kept in the spool and acknowledged. A pair is a slice on and one off, in random order.
Floors: median RPS ratio on/off of all pairs at least 0.98, its 95 % bootstrap half-width at most 0.02. Where there
are two cores, Locust has one and the server the other. Beside it stands the ratio of requests per CPU second, which
other processes of a busy machine disturb less.
Run: .venv/bin/python benchmarks/capture_overhead.py [--minutes 5]
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gevent
from locust import FastHttpUser, task
from locust.env import Environment
from support.asgi import verdict
from support.fast_server import fast_server
from support.pairs import half_width, told

from perf_locust.capture import Capture
from perf_locust.open_users import OpenUsers
from perf_locust.readings import LoopLag

FLOOR, WIDTH = 0.98, 0.02
SLICE = 0.5
USERS = 20
ENDPOINTS = 20


class Plain(FastHttpUser):
    """Asks without pause."""

    number = 0

    @task
    def ask(self) -> None:
        """Ask one of the endpoints in turn."""
        Plain.number += 1
        self.client.get("/", name=f"/endpoint/{Plain.number % ENDPOINTS}")


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests of one slice, per second and per CPU second of this process."""

    wall: float
    cpu: float


class Slices:
    """Runs the load and measures slices of it."""

    def __init__(self, environment: Environment, spool: Path) -> None:
        self._environment = environment
        self._capture = Capture("run", "worker", spool, OpenUsers(environment))
        self._capture.stop()  # it watches the event loop in its own slices only
        self.recorded = self.asked = 0
        self._turn = False

    def rate(self, *, on: bool) -> Rate:
        """Return the rate of one slice."""
        return self._with_capture() if on else self._slice(int)

    def _with_capture(self) -> Rate:
        request, before, lag = self._environment.events.request, self._asked(), LoopLag()
        request.add_listener(self._capture.recorder.record)
        try:
            self._turn = not self._turn
            return self._slice(self._cut if self._turn else int)
        finally:
            request.remove_listener(self._capture.recorder.record)
            self.asked += self._asked() - before
            self._cut()
            lag.stop()

    def _cut(self) -> None:
        frame = self._capture.cut()
        self.recorded += frame.requests
        self._capture.outbound.due()
        self._capture.outbound.acknowledge([frame.seq])

    def _asked(self) -> int:
        return int(self._environment.stats.total.num_requests)

    def _slice(self, at_the_end: Callable[[], object]) -> Rate:
        before, began, cpu = self._asked(), time.perf_counter(), time.process_time()
        gevent.sleep(SLICE)
        at_the_end()
        asked = self._asked() - before
        return Rate(asked / (time.perf_counter() - began), asked / (time.process_time() - cpu))


def measure(url: str, pairs: int) -> tuple[list[Rate], Slices]:
    """Return the ratios on/off of each pair."""
    environment = Environment(user_classes=[Plain], host=url)
    runner = environment.create_local_runner()
    with tempfile.TemporaryDirectory() as folder:
        slices = Slices(environment, Path(folder))
        runner.start(USERS, USERS)
        gevent.sleep(2)
        ratios = []
        for number in range(pairs):
            order = [True, False]
            random.shuffle(order)
            rates = {on: slices.rate(on=on) for on in order}
            ratios.append(Rate(rates[True].wall / rates[False].wall, rates[True].cpu / rates[False].cpu))
            if number % 60 == 59:
                print(f"{told([each.wall for each in ratios])}; {rates[False].wall:.0f} RPS without", flush=True)
        runner.quit()
    return ratios, slices


def main() -> bool:
    """Print the figures; return whether the promise is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    pairs = round(parser.parse_args().minutes * 60 / SLICE / 2)
    with fast_server() as (url, pid):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            os.sched_setaffinity(0, cores[:1])
            os.sched_setaffinity(pid, cores[1:2])
        measured, slices = measure(url, pairs)
    ratios = [each.wall for each in measured]
    print(f"requests per CPU second, with / without: {told([each.cpu for each in measured])}")
    print(f"RPS with the recorder / without: {told(ratios)}; recorded {slices.recorded} of {slices.asked} requests")
    median, width = statistics.median(ratios), half_width(ratios)
    kept = verdict(f"the ratio is {median:.3f}, at least {FLOOR}", kept=median >= FLOOR)
    known = verdict(f"it is known to +- {width:.3f}, at least to {WIDTH}", kept=width <= WIDTH)
    whole = verdict("every request of the slices was recorded", kept=slices.recorded == slices.asked)
    return kept and known and whole


if __name__ == "__main__":
    sys.exit(not main())
