"""The comparison of a run with its baseline: the one value every table, report, mail and exit code is made from."""

from dataclasses import dataclass

from perf_core.model.endpoint import EndpointKey
from perf_core.model.verdict import Reason, Validity, Verdict


@dataclass(frozen=True, slots=True)
class EndpointFigures:
    """What one run measured at one endpoint. Latencies in seconds, of answered (not failed) requests; NaN if none.

    Quantiles and mean are of the compared part of the run (ramp-up cut); counts are of the same part.
    """

    requests: int
    failures: int
    rate: float
    """Requests per second."""
    mean: float
    p50: float
    p95: float
    p99: float
    maximum: float

    @property
    def failure_share(self) -> float:
        """Failed requests, in [0, 1]; 0 without requests."""
        return self.failures / self.requests if self.requests else 0.0


@dataclass(frozen=True, slots=True)
class QuantileShift:
    """How one quantile moved. `ratio` = current / baseline, with its 95 % interval [low, high]."""

    quantile: float
    baseline: float
    current: float
    ratio: float
    low: float
    high: float
    p_value: float
    """After Holm's correction over all endpoints and quantiles, two-sided, in [0, 1]."""
    flagged: bool
    """Significant and past the relevance floors."""
    detectable: float
    """Smallest relative change that would have been seen (power 0.8), e.g. 0.12 for 12 %."""
    stage: str = ""
    """The stage of the shape it was measured in; empty without stages."""


@dataclass(frozen=True, slots=True)
class KsPanel:
    """The Kolmogorov-Smirnov test of one endpoint: shown, never the gate alone."""

    distance: float
    """D in [0, 1], exact at bucket edges."""
    distance_bound: float
    """Upper bound of the raw samples' D."""
    at: float
    """Latency in seconds where D occurs."""
    baseline_done: float
    """Share of baseline requests answered within `at`."""
    current_done: float
    p_value: float
    """As scipy's asymptotic ks_2samp gives it; assumes independent requests, which requests are not."""
    p_corrected: float | None
    """From the window bootstrap; None with too few windows."""
    effective_requests: float | None
    """Independent requests that carry as much information as both runs; None with too few windows."""
    shape_changed: bool
    """Holm(p_corrected) < 0.05 and D >= 0.05 while no quantile is flagged: a warning."""
    stage: str = ""
    """The stage of the shape it was measured in; empty without stages."""


@dataclass(frozen=True, slots=True)
class EndpointComparison:
    """The judgement of one endpoint; one side is None when the endpoint is missing there."""

    key: EndpointKey
    verdict: Verdict | None
    reasons: tuple[Reason, ...]
    explanation: str
    """One sentence a developer understands."""
    baseline: EndpointFigures | None
    current: EndpointFigures | None
    shifts: tuple[QuantileShift, ...] = ()
    ks: KsPanel | None = None
    """Of the stage in which the two runs surest differ, where there are several."""
    a12: float | None = None
    """Probability that a random current request is slower than a random baseline one."""
    notes: tuple[str, ...] = ()
    """Sentences: degenerate distributions, survivorship, low resolution, new endpoint."""
    ks_stages: tuple[KsPanel, ...] = ()
    """`ks` of every stage, in their order; empty with fewer than two."""


@dataclass(frozen=True, slots=True)
class RunWideShift:
    """The shift that all endpoints share, at one quantile."""

    quantile: float
    ratio: float
    low: float
    high: float
    p_value: float
    flagged: bool
    stage: str = ""
    """The stage of the shape; empty without stages."""


@dataclass(frozen=True, slots=True)
class ThroughputShift:
    """How the answered requests per second of all common endpoints moved; `ratio` = current / baseline."""

    baseline: float
    current: float
    ratio: float
    low: float
    high: float
    p_value: float
    """Of "fewer requests are answered", corrected together with all other tests."""
    flagged: bool
    stage: str = ""
    """The stage of the shape in which it is surest to have fallen; empty without stages."""


@dataclass(frozen=True, slots=True)
class RunReference:
    """The run that a comparison speaks of."""

    id: str
    scenario: str
    target: str
    started: float | None
    validity: Validity


@dataclass(frozen=True, slots=True)
class RunComparison:
    """A run judged against a baseline, or a run alone (`baseline` and `verdict` None).

    Attributes:
        verdict: of the run; None when there is nothing to compare with.
        reasons: why, from a closed set.
        explanation: one to three sentences.
        endpoints: most severe first, then by requests.
        warnings: sentences that do not change the verdict.
        detectable: smallest relative change at p50 of an endpoint that would have been seen; None unless noise.
        trimmed_seconds: cut from the start of both runs.
        window_seconds: length of a window; 0 without a baseline.
        throughput: None when it was not tested.
        more_baselines: ids of the further runs of a baseline that is a set.
        repeats: ids of the further runs that were judged together with the current one.
        incomparable: fields of the fingerprint that differ and must not; empty when the runs may be compared.
    """

    verdict: Verdict | None
    validity: Validity
    reasons: tuple[Reason, ...]
    explanation: str
    baseline: RunReference | None
    current: RunReference
    endpoints: tuple[EndpointComparison, ...]
    run_wide: tuple[RunWideShift, ...] = ()
    warnings: tuple[str, ...] = ()
    broken_thresholds: tuple[str, ...] = ()
    detectable: float | None = None
    trimmed_seconds: float = 0.0
    window_seconds: float = 0.0
    throughput: ThroughputShift | None = None
    more_baselines: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    incomparable: tuple[str, ...] = ()
