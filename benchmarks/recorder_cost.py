"""CPU per request of the recorder in isolation: Locust's `request` event fired with it, and with nobody listening.

The spool is a real file, 20 endpoints, one request in a thousand fails. A round is as many requests as the map holds,
so that one frame is made in each. The two take turns, the smallest of the rounds counts. Floor: 1.0 us per request.
Run: .venv/bin/python benchmarks/recorder_cost.py [--rounds 60]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from locust.event import EventHook
from support.asgi import verdict
from support.made_up_requests import events

from perf_core.runstore.spool import CAPACITY, Spool
from perf_locust.recorder import Recorder

CEILING = 1.0
ENDPOINTS = 20


def cpu(hook: EventHook, fired: list[dict[str, object]]) -> float:
    """Return the CPU seconds per request of one round."""
    began = time.process_time()
    for event in fired:
        hook.fire(**event)
    return (time.process_time() - began) / len(fired)


def cut_and_begin(recorder: Recorder, seq: list[int]) -> None:
    """Do what a capture does when the map is full."""
    recorder.cut()
    seq[0] += 1
    recorder.begin(seq[0])


def main() -> bool:
    """Print the figures; return whether the promise is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    fired, silent, heard, seq = events(CAPACITY, ENDPOINTS, per_second=10_000), EventHook(), EventHook(), [1]
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(lambda: cut_and_begin(recorder, seq), Spool.create(Path(folder), "run", "worker"))
        heard.add_listener(recorder.record)
        pairs = [(cpu(silent, fired), cpu(heard, fired)) for _ in range(rounds)]
    without, within = (min(column) * 1e6 for column in zip(*pairs, strict=True))
    print(f"CPU per request: {without:.2f} us fired to nobody, {within:.2f} us with the recorder")
    return verdict(f"{within - without:.2f} us for the recorder, at most {CEILING}", kept=within - without <= CEILING)


if __name__ == "__main__":
    sys.exit(not main())
