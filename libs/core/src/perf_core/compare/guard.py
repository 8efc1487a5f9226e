"""Whether runs can be judged at all, and what a reader of the verdict should know about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from perf_core.compare.evidence import Evidence
from perf_core.compare.policy import ComparisonPolicy
from perf_core.compare.stretches import trend_text
from perf_core.model.fingerprint import RATE_TOLERANCE, Handling, differing
from perf_core.model.run import RunInfo
from perf_core.model.series import Recording
from perf_core.model.verdict import Reason, Validity

_NOT_JUDGED = (
    "Without requests in windows of time no test can tell a change from chance: the figures stand side by side, and "
    "thresholds are judged. Record both runs with perf-platform, or import a row per request, to get a verdict"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no verdict would be sound, and in which fields of the fingerprint the runs differ, if that is why."""

    reason: Reason
    text: str
    fields: tuple[str, ...] = ()


def refusal(current: Sequence[Recording], baseline: Sequence[Recording], policy: ComparisonPolicy) -> Refusal | None:
    """Return why the runs of two sides cannot be judged, None when they can; the first of a side speaks for it."""
    named = [*_named(current, "this run"), *_named(baseline, "the baseline")]
    for run, side in named:
        if not run.requests:
            return Refusal(Reason.NO_DATA, f"No request was recorded in {side}; check that its target was up")
        if run.info.validity is Validity.INVALID:
            why = "; ".join(run.info.validity_reasons) or "no reason recorded"
            return Refusal(Reason.SUSPECT, f"{side[0].upper()}{side[1:]} is INVALID: {why}")
    different = _not_comparable([run.info for run in current], [run.info for run in baseline], policy)
    return different or low_resolution(current, baseline)


def nothing_left(evidence: Evidence) -> Refusal | None:
    """Return why no part of the runs can be compared, None when some can."""
    return Refusal(Reason.TOO_FEW_REQUESTS, evidence.nothing_left) if evidence.nothing_left else None


def low_resolution(current: Sequence[Recording], baseline: Sequence[Recording]) -> Refusal | None:
    """Return which runs are of low resolution and what their files left out; None when every request is known."""
    named = [*_named(current, "this run"), *_named(baseline, "the baseline")]
    told = [
        f"{side[0].upper()}{side[1:]} is of low resolution: {run.info.low_resolution}"
        for run, side in named
        if run.info.low_resolution
    ]
    if not told:
        return None
    return Refusal(Reason.LOW_RESOLUTION, ". ".join([*told, _NOT_JUDGED] if baseline else told))


def warnings(
    current: Sequence[Recording], baseline: Sequence[Recording], policy: ComparisonPolicy
) -> tuple[str, ...]:
    """Return sentences that do not change the verdict."""
    different = _differing([run.info for run in current], [run.info for run in baseline])
    told = [f"The runs differ: {different[field]}" for field in policy.fields_to(Handling.WARN, different)]
    if {run.info.id for run in current} & {run.info.id for run in baseline}:
        told.append("The run was compared with itself")
    for run, side in [*_named(current, "this run"), *_named(baseline, "the baseline")]:
        if run.info.validity is Validity.SUSPECT:
            why = "; ".join(run.info.validity_reasons) or "no reason recorded"
            told.append(f"{side[0].upper()}{side[1:]} is SUSPECT: {why}")
    return tuple(told)


def load_warnings(evidence: Evidence, current: Sequence[Recording], baseline: Sequence[Recording]) -> tuple[str, ...]:
    """Return what a reader should know about the load: stages that were left out, and trends inside the runs."""
    told = [f"Not compared, because not every run has it: {name}" for name in evidence.left_out]
    told += _other_rate(evidence, [run.info for run in (*current, *baseline)])
    named = [*_named(current, "this run"), *_named(baseline, "the baseline")]
    for (_, side), found in zip(named, evidence.trends, strict=True):
        if found.notable:
            told.append(f"{side[0].upper()}{side[1:]} is not steady: {trend_text(found)}")
    return tuple(told)


def _other_rate(evidence: Evidence, runs: Sequence[RunInfo]) -> list[str]:
    """Tell of another rate of requests, unless users that wait for answers made it: then it follows from latency."""
    if not evidence.baseline_seconds or not evidence.current_seconds:
        return []
    if any(run.fingerprint.get("load_model", "").startswith("closed") for run in runs):
        return []
    old = sum(float(pair.baseline.requests.sum()) for pair in evidence.pairs if pair.baseline)
    new = sum(float(pair.current.requests.sum()) for pair in evidence.pairs if pair.current)
    before, after = old / evidence.baseline_seconds, new / evidence.current_seconds
    if abs(after - before) <= RATE_TOLERANCE * before:
        return []
    return [
        f"The load differs: {before:.3g} -> {after:.3g} requests per second; under another load latencies are others"
    ]


def _not_comparable(
    current: Sequence[RunInfo], baseline: Sequence[RunInfo], policy: ComparisonPolicy
) -> Refusal | None:
    different = _differing(current, baseline)
    fields = tuple(policy.fields_to(Handling.REFUSE, different))
    if not fields:
        return None
    told = "; ".join(different[field] for field in fields)
    text = f"The runs are not comparable: {told}; make a new baseline, or force the comparison with --force"
    return Refusal(Reason.NOT_COMPARABLE, text, fields)


def _differing(current: Sequence[RunInfo], baseline: Sequence[RunInfo]) -> dict[str, str]:
    """Return the fields in which any run differs from the first baseline."""
    found: dict[str, str] = {}
    for other in (*current, *baseline[1:]):
        found = differing(baseline[0], other) | found
    return found


def _named(runs: Sequence[Recording], first: str) -> list[tuple[Recording, str]]:
    return [(run, first if not at else f"run {run.info.id}") for at, run in enumerate(runs)]
