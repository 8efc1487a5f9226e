"""Runs made from the statistics of a plain Locust run: what can be said of them, which is figures without a test."""

from perf_core.compare.comparison import EndpointComparison, EndpointFigures
from perf_core.model.endpoint import EndpointKey
from perf_core.model.run import RunInfo
from perf_core.model.series import EndpointSeries, Recording


def whole_figures(current: Recording, baseline: Recording | None) -> list[EndpointComparison]:
    """Return every endpoint's figures over the whole of both runs, ramp-up included: nothing smaller is known."""
    keys = sorted({*current.endpoints, *(baseline.endpoints if baseline else ())})
    return [_endpoint(key, current, baseline) for key in keys]


def _endpoint(key: EndpointKey, current: Recording, baseline: Recording | None) -> EndpointComparison:
    before = _figures(baseline, key) if baseline else None
    low = [run for run in (baseline, current) if run and run.info.low_resolution and key in run.endpoints]
    mixed = any(0 < run.endpoints[key].failures < run.endpoints[key].requests for run in low)
    notes = ("Latencies of the run of low resolution include those of failed requests.",) if mixed else ()
    return EndpointComparison(
        key, None, (), "figures of the whole run, low resolution", before, _figures(current, key), notes=notes
    )


def _figures(run: Recording, key: EndpointKey) -> EndpointFigures | None:
    series = run.endpoints.get(key)
    return None if series is None or not series.requests else _of_series(series, run.info)


def _of_series(series: EndpointSeries, info: RunInfo) -> EndpointFigures:
    answered, nan = series.ok.histogram(), float("nan")
    seconds = (info.ended or 0.0) - (info.started or 0.0)
    p50, p95, p99 = (answered.quantile(q) if answered.total else nan for q in (0.5, 0.95, 0.99))
    if info.low_resolution:  # what Locust rounded to two digits lies anywhere in its bucket
        p50, p95, p99 = (float(f"{each:.2g}") if each >= 0.1 else round(each, 3) for each in (p50, p95, p99))
    return EndpointFigures(
        series.requests,
        series.failures,
        series.requests / seconds if seconds > 0 else 0.0,
        answered.mean,
        p50,
        p95,
        p99,
        answered.maximum,
    )
