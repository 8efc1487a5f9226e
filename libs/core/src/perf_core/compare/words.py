"""The sentences of a judgement: what moved, by how much, and why it is believed."""

from perf_core.compare.comparison import QuantileShift, RunWideShift, ThroughputShift
from perf_core.model.endpoint import EndpointKey
from perf_core.units import format_latency, format_ratio_change, format_share

HOPELESS = 10.0
"""Ratio beyond which the exact number tells nobody anything."""
_NOTHING_SEEN = "not even p50 at ten times what it was would have been seen"


def shift_sentence(key: EndpointKey, shift: QuantileShift, endpoints: int) -> str:
    """Return ``GET /items p95 182 ms -> 264 ms (+45 %, 95 % interval ...); unlikely to be noise: p = ...``."""
    change = f"{format_ratio_change(shift.ratio)}, 95 % interval {_interval(shift.low, shift.high)}"
    moved = (
        f"{key} p{shift.quantile * 100:g} {format_latency(shift.baseline)} -> {format_latency(shift.current)} "
        f"({change}){in_stage(shift.stage)}"
    )
    if not shift.flagged:
        return f"{moved}; this can be noise or is too small to matter: p {_p(shift.p_value)}"
    return f"{moved}; unlikely to be noise: p {_p(shift.p_value)} after correcting for {_count(endpoints)}"


def run_wide_sentence(shift: RunWideShift, *, everywhere: bool) -> str:
    """Return the sentence of a shift that all endpoints share, or only much of the traffic."""
    slower = "slower" if shift.ratio > 1 else "faster"
    what, where = ("whole", "over all endpoints") if everywhere else ("larger part of the", "in the median endpoint")
    return (
        f"the {what} run is {slower}: p{shift.quantile * 100:g} {format_ratio_change(shift.ratio)} {where} "
        f"(95 % interval {_interval(shift.low, shift.high)}, p {_p(shift.p_value)}){in_stage(shift.stage)}"
    )


def throughput_sentence(shift: ThroughputShift, *, consequence: bool) -> str:
    """Return the sentence of a throughput that fell, as a `consequence` of slower answers or for itself."""
    why = ", as fewer requests fit when answers take longer" if consequence else ""
    return (
        f"fewer requests were answered: {shift.baseline:.3g} -> {shift.current:.3g} per second "
        f"({format_ratio_change(shift.ratio)}, 95 % interval {_interval(shift.low, shift.high)}, "
        f"p {_p(shift.p_value)}){in_stage(shift.stage)}{why}"
    )


def failure_sentence(key: EndpointKey, before: float, after: float, p_value: float, stage: str = "") -> str:
    """Return the sentence of a risen error rate; the shares are of failed requests, in the stage if there is one."""
    return (
        f"{key} fails more often{in_stage(stage)}: {format_share(before)} -> {format_share(after)}"
        f"; unlikely to be noise: p {_p(p_value)}"
    )


def unseen(detectable: float) -> str:
    """Return ``a change of p50 below 12% would not have been seen``; of nothing but noise no long numbers."""
    if detectable > HOPELESS:
        return _NOTHING_SEEN
    return f"a change of p50 below {detectable:.0%} would not have been seen"


def smallest_seen(detectable: float) -> str:
    """Return ``the smallest change of p50 that would have been seen is 12%``."""
    if detectable > HOPELESS:
        return _NOTHING_SEEN
    return f"the smallest change of p50 that would have been seen is {detectable:.0%}"


def at_worst(shift: QuantileShift) -> str:
    """Return how much slower a quantile may be: ``p95 may be 49 % slower``."""
    slower = "more than ten times" if shift.high > HOPELESS else f"{(shift.high - 1) * 100:.0f} %"
    return f"p{shift.quantile * 100:g} may be {slower} slower{in_stage(shift.stage)}"


def in_stage(stage: str) -> str:
    """Return `` in "stage 2: 20 users"``; nothing when the run has but one load."""
    return f' in "{stage}"' if stage else ""


def _interval(low: float, high: float) -> str:
    return f"{(low - 1) * 100:+.0f}..{(high - 1) * 100:+.0f} %"


def _count(endpoints: int) -> str:
    return "1 endpoint" if endpoints == 1 else f"{endpoints} endpoints"


def _p(p_value: float) -> str:
    return "< 0.0001" if p_value < 0.0001 else f"= {p_value:.2g}"
