"""The comparison of a run that is still on: the baseline's figures and no verdict."""

import math

from perf_core.compare.comparison import EndpointComparison, EndpointFigures, RunComparison, RunReference
from perf_core.model.run import RunInfo
from perf_core.model.series import EndpointSeries, Recording

EXPLANATION = "The run is not finished; it is judged when it ends. Below are the response times of its baseline."
WITHOUT_BASELINE = "The run is not finished. There is no baseline to compare it with."


def unfinished_comparison(current: Recording, baseline: Recording | None) -> RunComparison:
    """Return what can be said while the run is on: the baseline's figures, ramp-up left out, and no verdict."""
    return RunComparison(
        verdict=None,
        validity=current.info.validity,
        reasons=(),
        explanation=WITHOUT_BASELINE if baseline is None else EXPLANATION,
        baseline=None if baseline is None else _reference(baseline.info),
        current=_reference(current.info),
        endpoints=() if baseline is None else _endpoints(baseline),
        trimmed_seconds=0.0 if baseline is None else baseline.info.ramp_up,
    )


def _reference(info: RunInfo) -> RunReference:
    return RunReference(info.id, info.scenario, info.target, info.started, info.validity)


def _endpoints(baseline: Recording) -> tuple[EndpointComparison, ...]:
    ordered = sorted(baseline.endpoints.values(), key=lambda series: (-series.requests, series.key))
    return tuple(
        EndpointComparison(series.key, None, (), "", baseline=_figures(series, baseline.info), current=None)
        for series in ordered
    )


def _figures(series: EndpointSeries, info: RunInfo) -> EndpointFigures:
    first = None if info.started is None else math.ceil(info.started + info.ramp_up)
    answered = series.ok.histogram(first)
    counts = [int(side.counts[side.seconds >= (first or 0)].sum()) for side in (series.ok, series.failed)]
    seconds = (info.ended or 0.0) - (info.started or 0.0) - info.ramp_up
    p50, p95, p99 = (answered.quantile(q) if answered.total else math.nan for q in (0.5, 0.95, 0.99))
    return EndpointFigures(
        requests=sum(counts),
        failures=counts[1],
        rate=sum(counts) / seconds if seconds > 0 else 0.0,
        mean=answered.mean,
        p50=p50,
        p95=p95,
        p99=p99,
        maximum=answered.maximum,
    )
