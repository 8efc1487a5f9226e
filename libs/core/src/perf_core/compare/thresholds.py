"""Thresholds against what was recorded: over the compared part of a run, or over any stretch of some seconds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from perf_core.compare.threshold import ERROR_RATE, EVERY, MEAN, RATE, Threshold
from perf_core.model.histogram import Histogram
from perf_core.model.plan import GUARD
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording
from perf_core.stats.windows import second_range

STEPS = 10
"""Stretches of a window's length begin this many times in it, and at most once a second."""
FEWEST_SILENT = 10
"""Requests of a stretch from which none being answered is no chance of a seldom called endpoint."""
BROKEN_EVENT = "threshold_broken"
"""Kind of the event by which a master notes why it stopped a run."""
ALL = "all requests"


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What happened in some seconds; `histogram` is of answered requests."""

    requests: int
    failures: int
    histogram: Histogram
    seconds: float


@dataclass(frozen=True, slots=True)
class Judged:
    """Sentences that name their keys: broken thresholds, and those that cannot be judged."""

    broken: tuple[str, ...]
    not_judged: tuple[str, ...]


def figure(threshold: Threshold, sample: Sample) -> float | None:
    """Return the threshold's metric in a sample; None when no request says anything about it."""
    if threshold.metric == RATE:
        return sample.requests / sample.seconds if sample.seconds else None
    if threshold.metric == ERROR_RATE:
        return sample.failures / sample.requests if sample.requests else None
    if not sample.histogram.total:
        return None
    quantile = threshold.quantile
    return (
        sample.histogram.mean if threshold.metric == MEAN or quantile is None else sample.histogram.quantile(quantile)
    )


def breach(threshold: Threshold, sample: Sample, baseline: float | None, where: str, when: str = "") -> str | None:
    """Return the sentence of a broken threshold, None when it holds or nothing can be said.

    Args:
        threshold: the threshold.
        sample: requests of the endpoint, or of all.
        baseline: the baseline's figure.
        where: the endpoint for people.
        when: when it happened, for people.
    """
    value, limit = figure(threshold, sample), threshold.limit.value(baseline)
    if value is None or limit is None or threshold.holds(value, limit):
        return None
    of_baseline = "" if baseline is None else f" (baseline {threshold.shown(baseline)})"
    return (
        f"{threshold.key}: {threshold.metric} of {where} was {threshold.shown(value)}{when}, "
        f"must be {threshold.sign} {threshold.shown(limit)}{of_baseline}"
    )


def judge_thresholds(
    thresholds: Sequence[Threshold], current: Recording, baseline: Recording | None, trimmed: float
) -> Judged:
    """Return which thresholds a run breaks; `trimmed` seconds at its start are not looked at, as in the comparison.

    A threshold on an endpoint without a request is broken, one on a latency without an answered one too: no data is
    never a pass.
    """
    broken, not_judged = [], []
    for threshold in thresholds:
        for name in _names(threshold, current, baseline):
            needed = threshold.limit.relative
            before = _baseline_figure(threshold, baseline, name, trimmed) if needed and baseline else None
            why = _nothing_to_say(threshold, current, name, trimmed)
            if needed and before is None:
                why = f"the baseline has no figure of {name or ALL}" if baseline else "there is no baseline"
            if why:
                not_judged.append(f"{threshold.key} ({threshold.text}) was not judged: {why}")
                continue
            sentence = _first_breach(threshold, current, name, before, trimmed)
            broken += [sentence] if sentence else []
    told = {sentence.partition(":")[0] for sentence in broken}
    stopped = [event.text for event in current.info.events if event.kind == BROKEN_EVENT]
    broken += [text for text in stopped if text.partition(":")[0] not in told]
    return Judged(tuple(broken), tuple(not_judged))


def baseline_figure(threshold: Threshold, baseline: Recording, name: str | None) -> float | None:
    """Return the figure of the baseline that a relative threshold speaks of, its ramp-up left out."""
    return _baseline_figure(threshold, baseline, name, baseline.info.ramp_up)


def _names(threshold: Threshold, current: Recording, baseline: Recording | None) -> list[str | None]:
    if threshold.endpoint != EVERY:
        return [threshold.endpoint]
    both = set(current.endpoints) | set(baseline.endpoints if baseline else ())
    return [str(key) for key in sorted(both) if key in current.endpoints]


def _baseline_figure(threshold: Threshold, baseline: Recording, name: str | None, trimmed: float) -> float | None:
    return figure(threshold, _sample(threshold, _chosen(baseline, name), *_part(baseline, trimmed)))


def _first_breach(
    threshold: Threshold, current: Recording, name: str | None, before: float | None, trimmed: float
) -> str | None:
    series, where = _chosen(current, name), name or ALL
    if name is not None and not any(each.requests for each in series):
        return f"{threshold.key}: {where} has no request, so {threshold.text!r} cannot hold; check the name"
    if threshold.window is None:
        sample = _sample(threshold, series, *_part(current, trimmed))
        return _unanswered(threshold, sample, where) or breach(threshold, sample, before, where)
    start, end = _windowed_part(threshold, current)
    whole = _unanswered(threshold, _sample(threshold, series, start, end), where)
    if whole:
        return whole
    for low, high in stretches(start, end, int(threshold.window)):
        when = f" from second {low - start} to {high - start}"
        sample = _sample(threshold, series, low, high)
        silent = _unanswered(threshold, sample, where, when) if sample.requests >= FEWEST_SILENT else None
        sentence = silent or breach(threshold, sample, before, where, when)
        if sentence:
            return sentence
    return None


def _unanswered(threshold: Threshold, sample: Sample, where: str, when: str = "") -> str | None:
    """Return the sentence of a threshold on a latency where there are requests and no answer."""
    if not sample.requests or figure(threshold, sample) is not None:
        return None
    return f"{threshold.key}: {where} has no answered request{when}, so {threshold.text!r} cannot hold"


def _nothing_to_say(threshold: Threshold, current: Recording, name: str | None, trimmed: float) -> str | None:
    """Return why a run cannot be held against a threshold, None when it can or when that alone breaks it."""
    if threshold.window is None:
        series = _chosen(current, name)
        sample = _sample(threshold, series, *_part(current, trimmed))
        called = any(each.requests for each in series)
        if called and not sample.requests and figure(threshold, sample) is None:
            return f"{name or ALL} has no request in the compared part of the run"
        return None
    if current.info.low_resolution:
        return "the run is of low resolution, nothing is known of a part of it"
    start, end = _windowed_part(threshold, current)
    if end - start < threshold.window and threshold.key not in GUARD:
        return f"the part of the run it is held against has {end - start} s, less than {threshold.window:g} s"
    return None


def _windowed_part(threshold: Threshold, current: Recording) -> tuple[int, int]:
    return _part(current, 0.0 if threshold.metric == ERROR_RATE else current.info.ramp_up)


def stretches(start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches [low, high) of `length` seconds in [start, end) that a threshold is held against."""
    for low in range(start, end - length + 1, max(1, length // STEPS)):
        yield low, low + length


def _part(recording: Recording, trimmed: float) -> tuple[int, int]:
    start, end = second_range(recording)
    cut = start + int(np.ceil(trimmed))
    return (cut if cut < end else start), max(end, start + 1)


def _chosen(recording: Recording, name: str | None) -> list[EndpointSeries]:
    return [each for key, each in recording.endpoints.items() if name in (None, str(key), key.name)]


def _sample(threshold: Threshold, series: Sequence[EndpointSeries], low: int, high: int) -> Sample:
    answered, failed = [each.ok for each in series], [each.failed for each in series]
    failures = sum(_count(each, low, high) for each in failed)
    requests = failures + sum(_count(each, low, high) for each in answered)
    counted = threshold.metric in {RATE, ERROR_RATE}
    histogram = Histogram.empty() if counted else _histogram(answered, low, high)
    return Sample(requests, failures, histogram, float(high - low))


def _count(series: OutcomeSeries, low: int, high: int) -> int:
    first, last = np.searchsorted(series.seconds, [low, high])
    return int(series.counts[first:last].sum())


def _histogram(answered: Sequence[OutcomeSeries], low: int, high: int) -> Histogram:
    """Return the histogram of [low, high): slices of sorted tables, because there may be thousands of stretches."""
    rows = [slice(*np.searchsorted(each.seconds, [low, high]).tolist()) for each in answered]
    cells = [slice(*np.searchsorted(each.cell_seconds, [low, high]).tolist()) for each in answered]
    pairs = list(zip(answered, cells, strict=True))
    buckets = np.concatenate([each.cell_buckets[cut] for each, cut in pairs] or [np.zeros(0, dtype=np.int64)])
    if not buckets.size:
        return Histogram.empty()
    dense = np.bincount(buckets, weights=np.concatenate([each.cell_counts[cut] for each, cut in pairs]))
    used = np.flatnonzero(dense)
    seen = list(zip(answered, rows, strict=True))
    return Histogram(
        used,
        dense[used].astype(np.int64),
        float(np.nanmin(np.concatenate([each.minima[cut] for each, cut in seen]))),
        float(np.nanmax(np.concatenate([each.maxima[cut] for each, cut in seen]))),
        float(sum(each.sums[cut].sum() for each, cut in seen)),
    )
