"""The snapshot as JSON, written a little at a time, so that a scrape never holds up the event loop of the load."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from perf_core.model.snapshot import Snapshot, WorkerReading
from perf_locust.live import LiveCounters

BATCH = 20
"""Endpoints or workers written at once: about 0.2 ms."""
LONGEST = 0.0005
"""Seconds of work after which others have their turn; beside one batch nothing holds the loop for longer."""


def snapshot_text(
    head: Snapshot, workers: tuple[WorkerReading, ...], live: LiveCounters, breathe: Callable[[], object]
) -> str:
    """Return the JSON of a snapshot whose `head` has neither workers nor endpoints; `breathe` lets others run.

    Every endpoint is written at one moment; two may be some milliseconds apart.
    """
    fields = asdict(head)
    del fields["workers"], fields["endpoints"]
    pieces = [json.dumps(fields, ensure_ascii=False)[:-1], ', "workers": [']
    since = time.perf_counter()
    for text in _lists(_workers(workers), live.batches(BATCH)):
        pieces.append(text)
        if time.perf_counter() - since > LONGEST:
            breathe()
            since = time.perf_counter()
    return "".join((*pieces, "]}"))


def _lists(workers: Iterator[list[Any]], endpoints: Iterator[list[Any]]) -> Iterator[str]:
    yield from _joined(workers)
    yield '], "endpoints": ['
    yield from _joined(endpoints)


def _joined(batches: Iterator[list[Any]]) -> Iterator[str]:
    comma = ""
    for batch in batches:
        yield comma + json.dumps(batch, ensure_ascii=False)[1:-1]
        comma = ", "


def _workers(workers: tuple[WorkerReading, ...]) -> Iterator[list[Any]]:
    rest = iter(workers)
    while batch := [asdict(each) for each in islice(rest, BATCH)]:
        yield batch
