"""Users of one class in a process of their own, who work while they are told to.

usage: locust_load.py CLASS URL USERS WAIT [capture] [numbered] [post]

For each line of standard input, a number of seconds, the users send GET requests for so long, then one line of JSON
tells what it took (Slice). With `capture` the whole plugin records, as in a run; with `numbered` each request has a
number as its path, and the response times are told by number; with `post` a small JSON body is sent instead.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import locust  # first: it patches the process
from gevent import event, sleep
from locust.argument_parser import get_parser
from locust.env import Environment

import perf_locust
from perf_locust.users import FastUser

CLASSES = {"FastUser": FastUser, "FastHttpUser": locust.FastHttpUser, "HttpUser": locust.HttpUser}
BODY = {"item": "brass-lamp", "quantity": 2, "gift": False}


@dataclass
class Slice:
    """What was sent in one slice of time, and the processor seconds of the process, its threads included."""

    requests: int = 0
    failures: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    times: dict[str, float] = field(default_factory=dict)


class Load:
    """Users who wait at a gate after each request."""

    def __init__(self, name: str, url: str, users: int, wait: float, switches: list[str]) -> None:
        self._gate = gate = event.Event()
        numbers = iter(range(10**9))
        numbered, post = "numbered" in switches, "post" in switches

        class Reader(CLASSES[name]):  # type: ignore[misc]
            host = url

            def wait_time(self) -> float:
                gate.wait()
                return wait

            @locust.task
            def read(self) -> None:
                path = f"/{next(numbers)}" if numbered else "/"
                if post:
                    self.client.post(path, name="/", json=BODY)
                else:
                    self.client.get(path, name="/")

        self._environment = Environment(
            user_classes=[Reader], parsed_options=get_parser(default_config_files=[]).parse_args(["--headless"])
        )
        self._runner = self._environment.create_local_runner()
        self._slice = Slice()
        if "capture" in switches:
            perf_locust.register(self._environment)
        if numbered:
            self._environment.events.request.add_listener(self._note)
        self._runner.start(users, spawn_rate=100)

    def work(self, seconds: float) -> Slice:
        total = self._environment.stats.total
        self._slice = done = Slice()
        requests, failures = total.num_requests, total.num_failures
        cpu, began = time.process_time(), time.perf_counter()
        self._gate.set()
        sleep(seconds)
        self._gate.clear()
        done.cpu, done.seconds = time.process_time() - cpu, time.perf_counter() - began
        done.requests, done.failures = total.num_requests - requests, total.num_failures - failures
        sleep(0.05)  # what is on its way still comes in
        return done

    def _note(self, url: str, response_time: float, **_: Any) -> None:
        self._slice.times[url.rpartition("/")[2]] = response_time / 1000


def main() -> None:
    name, url, users, wait, *switches = sys.argv[1:]
    load = Load(name, url, int(users), float(wait), switches)
    load.work(0.3)
    print("ready", flush=True)
    while line := sys.stdin.readline():
        print(json.dumps(asdict(load.work(float(line)))), flush=True)


if __name__ == "__main__":
    main()
