"""Runs of an interleaved test: only the seconds in which a run's side was under load, and not those near a switch.

The two sides of such a test take turns in short blocks. Block i of one side and block i of the other are neighbours
in time, in random order; so whatever the machine does slowly happens to both.
"""

from dataclasses import replace

import numpy as np

from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import IntArray
from perf_core.model.run import RunInfo
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording

MARGIN = 1
"""Seconds cut from both ends of a block: users come back, and requests of the other side still run."""
FEWEST_PAIRS = 6
"""Pairs of blocks without which nothing can be said."""


def are_interleaved(current: RunInfo, baseline: RunInfo) -> bool:
    """Return whether two runs are the two sides of one interleaved test."""
    return bool(current.blocks and baseline.blocks) and current.partner == baseline.id


def block_seconds(info: RunInfo) -> IntArray:
    """Return the Unix seconds that count, block after block."""
    spans = [np.arange(block.start + MARGIN, block.end - MARGIN) for block in info.blocks]
    return np.concatenate([np.zeros(0, dtype=np.int64), *spans]).astype(np.int64)


def kept_length(info: RunInfo) -> int:
    """Return how many seconds of a block count."""
    return min((block.end - block.start - 2 * MARGIN for block in info.blocks), default=0)


def measured_part(recording: Recording) -> Recording:
    """Return the recording without the seconds that do not count; one that is not interleaved as it is."""
    if not recording.info.blocks:
        return recording
    seconds = block_seconds(recording.info)
    return replace(recording, endpoints=_endpoints(recording, seconds, seconds))


def compressed(recording: Recording, pairs: int) -> Recording:
    """Return the first `pairs` blocks as if their seconds that count had followed each other from second 0 on."""
    info = replace(recording.info, blocks=recording.info.blocks[:pairs])
    seconds = block_seconds(info)
    count = len(seconds)
    facts = replace(info, started=0.0, ended=float(count), ramp_up=0.0)
    return Recording(facts, _endpoints(recording, seconds, np.arange(count)), ())


def outside_share(recording: Recording) -> float:
    """Return the share of the requests since the first block that began in a block of the other side."""
    blocks = recording.info.blocks
    own = np.concatenate([np.arange(block.start, block.end + MARGIN) for block in blocks])
    inside = everything = 0
    for each in recording.endpoints.values():
        for series in (each.ok, each.failed):
            during = (series.seconds >= blocks[0].start) & (series.seconds < blocks[-1].end)
            everything += int(series.counts[during].sum())
            inside += int(series.counts[during & np.isin(series.seconds, own)].sum())
    return 1 - inside / everything if everything else 0.0


def _endpoints(recording: Recording, seconds: IntArray, renamed: IntArray) -> dict[EndpointKey, EndpointSeries]:
    kept = {
        key: EndpointSeries(key, _only(each.ok, seconds, renamed), _only(each.failed, seconds, renamed), each.errors)
        for key, each in recording.endpoints.items()
    }
    return {key: each for key, each in kept.items() if each.requests}


def _only(series: OutcomeSeries, seconds: IntArray, renamed: IntArray) -> OutcomeSeries:
    """Return the rows of some seconds (rising), under other names for them."""
    rows = np.isin(series.seconds, seconds)
    cells = np.isin(series.cell_seconds, seconds)
    return OutcomeSeries(
        renamed[np.searchsorted(seconds, series.seconds[rows])],
        series.counts[rows],
        series.sums[rows],
        series.minima[rows],
        series.maxima[rows],
        series.bytes[rows],
        renamed[np.searchsorted(seconds, series.cell_seconds[cells])],
        series.cell_buckets[cells],
        series.cell_counts[cells],
    )
