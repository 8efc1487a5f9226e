"""The facts of a run: what `run.json` holds."""

from dataclasses import dataclass, field

from perf_core.model.verdict import RunState, Validity, Verdict

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened during a run, drawn in the report: a worker joined, pacing changed."""

    at: float
    """Unix seconds."""
    kind: str
    """Closed set, snake_case: stage, users_changed, pacing_changed, mix_changed, pacing_missed,
    pacing_silent, pacing_heard, pacing_refused, worker_joined,
    worker_left, worker_lost, worker_away, worker_back, writing_failed, writing_resumed, interrupted, repaired, stop,
    data_dry, data_wrong, data_lost, data_differs, search_step, search_ended, cut_off."""
    text: str
    stage: str | None = None
    """Name of the load that begins with it, "" for that of the run's start; only equal loads are compared. None where
    the event changes no load, or its text is the name."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time in which one side of an interleaved test was under load: whole Unix seconds [start, end)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FinishStep:
    """One step of ending a run (freeze, compare, render, store, notify) and how it went."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a run, in Unix seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Facts of one run. Times are Unix seconds, durations seconds.

    Attributes:
        id: opaque, sortable by start.
        scenario: what makes runs comparable; default the locustfile's stem.
        target: base URL of the service under load.
        state: running, finished or interrupted.
        started: start of the load; None before it.
        ended: end of the load; None while it runs.
        ramp_up: seconds until all users were started; they are not compared.
        users: users asked for.
        spawn_rate: users started per second.
        run_time: seconds asked for; None when it was open-ended.
        workers: worker processes that took part.
        requests: requests recorded, failed ones included.
        failures: failed requests.
        validity: whether the run measured what it says.
        validity_reasons: sentences.
        verdict: None when nothing was compared.
        baseline: id of the run it was compared with.
        more_baselines: ids of further runs of the baseline's build.
        repeats: ids of earlier runs of the same build that were judged together with this one.
        quiet: a later run is judged together with this one, so nobody is told of this one's verdict.
        fingerprint: comparability fields, name -> value.
        labels: free key=value, e.g. commit, branch, job_url.
        thresholds: what the run must keep, key -> sentence.
        policy: settings of the judgement that were asked for, key of the configuration -> value.
        blocks: when this run was under load, if it is one side of an interleaved test; empty for every other run.
        partner: id of the other side.
        unsettled: stretches in which users moved between workers; they are not compared.
        lost_requests: requests known to be lost.
        low_resolution: what the file a run was imported from leaves out; empty when every request was recorded.
        rejected_samples: latencies that were NaN, negative or infinite.
        files: name -> path relative to the run folder.
    """

    id: str
    scenario: str
    target: str
    state: RunState = RunState.RUNNING
    started: float | None = None
    ended: float | None = None
    ramp_up: float = 0.0
    users: int = 0
    spawn_rate: float = 0.0
    run_time: float | None = None
    workers: int = 0
    requests: int = 0
    failures: int = 0
    validity: Validity = Validity.VALID
    validity_reasons: tuple[str, ...] = ()
    verdict: Verdict | None = None
    baseline: str | None = None
    more_baselines: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    quiet: bool = False
    fingerprint: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    thresholds: dict[str, str] = field(default_factory=dict)
    policy: dict[str, object] = field(default_factory=dict)
    events: tuple[RunEvent, ...] = ()
    finish_steps: tuple[FinishStep, ...] = ()
    blocks: tuple[Block, ...] = ()
    partner: str | None = None
    unsettled: tuple[Interval, ...] = ()
    lost_requests: int = 0
    rejected_samples: int = 0
    low_resolution: str = ""
    schema_version: int = SCHEMA_VERSION
