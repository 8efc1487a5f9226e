"""Size of a worker's frame of one second, and the CPU it costs on the master's event loop, at 20 and 500 endpoints.

The cost is that of decoding, the ledger, the live counters and the queue to the disk; the write itself is made by a
native thread. Beside it stands Locust's own stats message of the same requests, taken by Locust's own listener; the
two take turns. Ceiling: 0.5 ms per frame of 20 endpoints.
Run: .venv/bin/python benchmarks/frame_cost.py [--rounds 40]
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgpack
from locust.env import Environment
from locust.stats import setup_distributed_stats_event_listeners
from support.asgi import verdict
from support.made_up_requests import events

from perf_core.model.frame import Frame
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.spool import Spool
from perf_locust.ledger import Ledger
from perf_locust.live import LiveCounters
from perf_locust.recorder import Recorder

CEILING = 0.0005
GAUGES = {f"reading_{number}": 0.123456789 for number in range(10)}


def frames(fired: list[dict[str, Any]], count: int) -> list[bytes]:
    """Return frames of one worker, each with all these requests."""
    made = []
    recorder = Recorder(lambda: sys.exit("more requests than a frame holds"), Spool.in_memory())
    for seq in range(1, count + 1):
        for event in fired:
            recorder.record(**event)
        cut = recorder.cut()
        notables = recorder.notables.take()
        frame = Frame("host_0123456789abcdef", seq, time.time(), cut.rows, cut.errors, GAUGES, notables=notables)
        made.append(encode_frame(frame))
        recorder.begin(seq + 1)
    return made


class LocustMaster:
    """What stock Locust does with the stats message of the same requests."""

    def __init__(self, fired: list[dict[str, Any]]) -> None:
        worker, self._master = Environment(), Environment()
        for environment in (worker, self._master):
            setup_distributed_stats_event_listeners(environment.events, environment.stats)
        for event in fired:
            length, error = event["response_length"], event["exception"]
            worker.stats.log_request("GET", event["name"], event["response_time"], length)
            if error is not None:
                worker.stats.log_error("GET", event["name"], error)
        data: dict[str, Any] = {}
        worker.events.report_to_master.fire(client_id="worker", data=data)
        self.message: bytes = msgpack.packb(data)

    def take(self) -> float:
        """Return the CPU seconds that one message costs."""
        began = time.thread_time()
        data = msgpack.unpackb(self.message, strict_map_key=False)
        self._master.events.worker_report.fire(client_id="worker", data=data)
        return time.thread_time() - began


def measure(endpoints: int, per_second: int, rounds: int) -> float:
    """Print the figures of one size; return the median cost of a frame in CPU seconds."""
    fired = events(per_second, endpoints, per_second=per_second)
    made, locust = frames(fired, rounds + 1), LocustMaster(fired)
    live, ours, theirs = LiveCounters(), [], []
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "frames.log", 100_000, 0.2)
        for payload in made:
            began = time.thread_time()
            for frame in ledger.receive([payload], lambda *_: None):
                live.add(frame)
            ours.append(time.thread_time() - began)
            theirs.append(locust.take())
        ledger.flush(10)
        ledger.close()
    ratio = statistics.median(mine / other for mine, other in zip(ours[1:], theirs[1:], strict=True))
    cost = statistics.median(ours[1:])  # the first frame of a run carries what is noted of its first requests
    print(
        f"{endpoints:4} endpoints, {per_second:5} requests per second: frame {len(made[-1]) / 1024:6.1f} KiB, "
        f"{cost * 1e3:5.2f} ms; Locust's message {len(locust.message) / 1024:6.1f} KiB, "
        f"{statistics.median(theirs) * 1e3:5.2f} ms; ratio {ratio:.2f}",
        flush=True,
    )
    return cost


def main() -> bool:
    """Print the figures; return whether the promise is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    costs = {(size, rate): measure(size, rate, rounds) for size in (20, 500) for rate in (300, 1000)}
    worst = max(cost for (size, _), cost in costs.items() if size == 20)
    return verdict(
        f"a frame of 20 endpoints costs the master {worst * 1e3:.2f} ms, at most {CEILING * 1e3} ms",
        kept=worst <= CEILING,
    )


if __name__ == "__main__":
    sys.exit(not main())
