"""The facts of a run and how its verdict was reached, as strings."""

from dataclasses import dataclass
from datetime import UTC, datetime

from perf_core.compare.comparison import RunComparison
from perf_core.model.run import RunInfo
from perf_core.model.verdict import Reason, RunState
from perf_core.report.charts.axis import clock_text
from perf_core.report.outside import printable, printable_name
from perf_core.units import format_share

_LABELS = 12
_UNKNOWN = "not known"
_QUANTILES = (
    "The quantiles p50, p95 and p99 of every endpoint were compared on a logarithmic scale; how much they vary "
    "between windows says how much they vary by chance, and Holm's correction accounts for the number of tests."
)
_WHOLE = (
    "The first {trimmed:.0f} s of both runs (ramp-up and warm-up) were left out, the rest was cut into windows of "
    "{width:.0f} s."
)
_IN_TURNS = (
    "The two versions took turns under the same load. What counts are the seconds of their blocks without the first "
    "and the last one, in windows of {width:.0f} s. Each block was held against its neighbour of the other version, "
    "so that what the machine did slowly happened to both."
)
_LOW_RESOLUTION = (
    "No test was made: at least one run is of low resolution, made from sums and rounded percentiles of the whole "
    "run. A test needs to know how much the figures of one run vary on their own, and that takes requests in windows "
    "of time."
)
_DECISION = (
    "A change counts when it is both unlikely by chance and large enough to matter; then the endpoint is REGRESSED "
    "or IMPROVED. UNCHANGED needs proof that no change beyond the limits is there; else the endpoint is INCONCLUSIVE."
)
_KS = (
    "The Kolmogorov-Smirnov test compares the whole distributions. Its distance D is shown for people; it never "
    "decides alone, because requests depend on each other and its plain p-value then finds differences in unchanged "
    "software."
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of both runs; `baseline` is empty when there is none."""

    name: str
    current: str
    baseline: str


def run_facts(comparison: RunComparison, current: RunInfo, baseline: RunInfo | None) -> tuple[Fact, ...]:
    """Return the facts worth reading beside a verdict, current and baseline side by side."""
    after, before = _texts(current), _texts(baseline) if baseline else {}
    if current.low_resolution or (baseline and baseline.low_resolution):
        after["resolution"] = _resolution(current)
        before |= {"resolution": _resolution(baseline)} if baseline else {}
    facts = [Fact(name, value, before.get(name, "")) for name, value in after.items()]
    if comparison.repeats or comparison.more_baselines:
        facts.append(Fact("judged together with", _ids(comparison.repeats), _ids(comparison.more_baselines)))
    if comparison.trimmed_seconds:
        facts.append(Fact("not compared", f"first {comparison.trimmed_seconds:.0f} s (ramp-up and warm-up)", ""))
    return tuple(facts)


def _ids(runs: tuple[str, ...]) -> str:
    return ", ".join(printable_name(each) for each in runs) or "-"


def _texts(info: RunInfo) -> dict[str, str]:
    texts = {
        "run": printable_name(info.id),
        "scenario": printable_name(info.scenario),
        "target": printable(info.target) or _UNKNOWN,
        "started": _moment(info.started),
        "lasted": _lasted(info),
        "users": _users(info),
        "workers": str(info.workers) if info.workers else _UNKNOWN,
        "requests": f"{info.requests:,}",
        "failed": f"{info.failures:,} ({format_share(info.failures / info.requests if info.requests else None)})",
        "state": info.state.value,
        "validity": "; ".join([info.validity.value, *(printable(why, 200) for why in info.validity_reasons[:5])]),
    }
    labels = list(info.labels.items())[:_LABELS]
    return texts | {printable_name(name): printable_name(value) for name, value in labels if name not in texts}


def _users(info: RunInfo) -> str:
    started = f", {info.spawn_rate:g} started per second" if info.spawn_rate else ""
    return f"{info.users:,}{started}" if info.users else _UNKNOWN


def _resolution(info: RunInfo) -> str:
    return printable(f"low: {info.low_resolution}") if info.low_resolution else "full: every request was recorded"


def _moment(unix: float | None) -> str:
    return "-" if unix is None else datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _lasted(info: RunInfo) -> str:
    if info.started is None or info.ended is None:
        return "not finished" if info.state is RunState.RUNNING else info.state.value
    return clock_text(info.ended - info.started)


def method_sentences(comparison: RunComparison, *, in_turns: bool = False) -> tuple[str, ...]:
    """Return how the verdict was reached, in words; `in_turns` when the runs are the sides of one `ab`."""
    if comparison.baseline is None:
        return ("There is no baseline, so nothing was compared; promote a run to have the next one judged.",)
    if Reason.LOW_RESOLUTION in comparison.reasons:
        return (_LOW_RESOLUTION,)
    text = _IN_TURNS if in_turns else _WHOLE
    cut = text.format(trimmed=comparison.trimmed_seconds, width=comparison.window_seconds)
    return (cut, _QUANTILES, _DECISION, _KS)
