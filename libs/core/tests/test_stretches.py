"""Which part of a run is compared: warm-up, stages, changes by hand and unsettled seconds."""

from dataclasses import replace

import numpy as np
import pytest
from simulator import START, Load, Noise, recording, simulate

from perf_core.compare import compare_runs
from perf_core.compare.comparison import KsPanel
from perf_core.compare.endpoint_notes import endpoint_notes
from perf_core.compare.evidence import Pair
from perf_core.compare.stretches import Stretch, course, never_steady, stretches
from perf_core.model.endpoint import EndpointKey
from perf_core.model.run import Block, Interval, RunEvent, RunInfo
from perf_core.model.series import Recording
from perf_core.model.verdict import Reason, RunState, Verdict
from perf_core.report.rows import endpoint_row
from perf_core.stats.warm_up import trend, warm_up_length


def run(seed: int, levels: np.ndarray, **facts: object) -> Recording:
    """Return a run of two endpoints, 60 requests a second, whose latency follows `levels` second by second."""
    rng = np.random.default_rng(seed)
    seconds = np.repeat(np.arange(len(levels)), 60)
    latencies = 0.05 * levels[seconds] * rng.lognormal(0.0, 0.25, len(seconds))
    info = RunInfo(
        f"run{seed}",
        "s",
        "http://t",
        RunState.FINISHED,
        started=float(START),
        ended=float(START + len(levels)),
        requests=len(seconds),
    )
    times = seconds + rng.uniform(0, 1, len(seconds))
    return recording(replace(info, **facts), rng.integers(0, 2, len(seconds)), times, latencies)


def event(second: float, kind: str, text: str, stage: str | None = None) -> RunEvent:
    return RunEvent(START + second, kind, text, stage)


STEADY = np.ones(120)
WARMING = 1 + 2 * np.exp(-np.arange(120) / 5)
CLIMBING = 1 + np.arange(120) / 240
STEPS = np.where(np.arange(120) < 60, 1.0, 3.0)


def test_a_warm_up_is_found_in_the_first_quarter_only() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.02, 120)

    assert warm_up_length(STEADY + noise) <= 10
    assert 10 <= warm_up_length(WARMING + noise) <= 30
    assert warm_up_length(np.where(np.arange(120) < 80, 3.0, 1.0) + noise) <= 30
    assert warm_up_length(np.ones(7)) == 0
    assert warm_up_length(np.full(60, np.nan)) == 0


def test_the_same_start_is_cut_from_both_sides_and_a_declared_warm_up_wins() -> None:
    cold, warm = run(1, WARMING, ramp_up=3.0), run(2, STEADY)

    found = [compare_runs(*pair).trimmed_seconds for pair in ((cold, warm), (warm, cold))]

    assert found[0] == found[1]
    assert 13 <= found[0] <= 33
    assert compare_runs(cold, warm).verdict is Verdict.UNCHANGED
    assert compare_runs(cold, warm, settings={"warm_up": 20.0}).trimmed_seconds == 23
    assert compare_runs(cold, warm, settings={"warm_up": 0.0}).trimmed_seconds == 3


@pytest.mark.parametrize(
    ("ramp_up", "settings", "told"),
    [
        (130.0, {}, "Ramp-up and warm-up (120 s) leave nothing of a run of 120 s"),
        (20.0, {"warm_up": 300.0}, "Ramp-up and warm-up (320 s) leave nothing"),
    ],
)
def test_what_was_recorded_before_all_users_were_there_is_never_judged(
    ramp_up: float, settings: dict[str, object], told: str
) -> None:
    result = compare_runs(run(1, STEADY, ramp_up=ramp_up), run(2, STEADY), settings=settings)

    assert (result.verdict, result.reasons) == (Verdict.INCONCLUSIVE, (Reason.TOO_FEW_REQUESTS,))
    assert result.explanation.startswith(told)
    assert {each.verdict for each in result.endpoints} == {Verdict.INCONCLUSIVE}


def test_a_warm_up_that_was_found_takes_at_most_a_quarter_of_the_shortest_run() -> None:
    long = run(1, 1 + 2 * np.exp(-np.arange(480) / 60))

    assert compare_runs(long, run(2, STEADY[:40])).trimmed_seconds == 10
    assert compare_runs(long, run(2, np.ones(480))).trimmed_seconds > 40


def test_runs_without_a_stage_in_common_are_not_judged() -> None:
    old, new = ((event(0.0, "stage", name),) for name in ("5 users", "9 users"))
    result = compare_runs(run(1, STEADY, events=new), run(2, STEADY, events=old))

    assert result.reasons == (Reason.TOO_FEW_REQUESTS,)
    assert "No stage of the load is in every run" in result.explanation


def test_a_run_that_climbs_is_never_steady_and_both_sides_are_told() -> None:
    climbing, steady = run(1, CLIMBING), run(2, STEADY)

    sentence = never_steady(climbing)
    warnings = compare_runs(climbing, steady).warnings

    assert sentence is not None
    assert "its median moved by +3" in sentence
    assert never_steady(steady) is None
    assert any(text.startswith("This run is not steady: its median moved by +") for text in warnings)
    assert not any(text.startswith("The baseline is not steady") for text in warnings)
    assert any("The baseline is not steady" in text for text in compare_runs(steady, climbing).warnings)


def test_a_trend_is_not_held_against_a_load_that_was_meant_to_change_or_to_alternate() -> None:
    stage = (event(0.0, "stage", "stage 1"), event(60.0, "stage", "stage 2"))

    assert never_steady(run(1, CLIMBING, events=stage)) is None
    assert never_steady(run(1, CLIMBING, blocks=(Block(START, START + 10),))) is None


@pytest.mark.parametrize("seed", range(6))
def test_noise_that_wanders_is_no_trend(seed: int) -> None:
    wandering = simulate(np.random.default_rng(seed), Noise(level_sd=0.1), Load(120, 12_000, 2, ramp_up=0.0))

    assert never_steady(wandering) is None


def test_a_trend_of_little_is_none() -> None:
    assert trend(np.ones(100)).steady
    assert trend(np.linspace(1.0, 1.05, 100)).steady
    assert not trend(np.linspace(1.0, 1.5, 100)).steady
    assert trend(np.linspace(1.0, 9.0, 12)).p_value == 1.0


def test_a_trend_of_less_than_a_millisecond_is_none() -> None:
    tiny, small = trend(np.linspace(0.002, 0.0028, 100)), trend(np.linspace(0.02, 0.028, 100))

    assert tiny.change == pytest.approx(small.change)
    assert tiny.steady
    assert not tiny.notable
    assert not small.steady
    assert small.notable


def test_stretches_are_cut_where_the_load_changes() -> None:
    events = (
        event(30.4, "users_changed", "users are 20 now", "20 users"),
        event(50.0, "worker_joined", "w"),
        event(60.0, "pacing_changed", "pacing 1 s -> 0.5 s"),
        event(90.0, "users_changed", "users are 10 now", ""),
    )
    unsettled = (Interval(START + 29.4, START + 33.0), Interval(START + 70.0, START + 72.5))

    found = stretches(run(1, STEADY, events=events, unsettled=unsettled), 10)

    assert [replace(each, first=each.first - START, end=each.end - START) for each in found] == [
        Stretch(10, 29, ""),
        Stretch(33, 60, "20 users"),
        Stretch(60, 70, "20 users, pacing 1 s -> 0.5 s"),
        Stretch(73, 90, "20 users, pacing 1 s -> 0.5 s"),
        Stretch(90, 120, "pacing 1 s -> 0.5 s"),
    ]
    assert len(course(run(1, STEADY, events=events)).medians) == 0


def test_stages_are_compared_one_by_one() -> None:
    stages = (event(0.0, "stage", "stage 1: 5 users"), event(60.0, "stage", "stage 2: 20 users"))
    worse = np.where(np.arange(120) < 60, 1.0, 3.0 * 1.3)

    same = compare_runs(run(1, STEPS, events=stages), run(2, STEPS, events=stages))
    slower = compare_runs(run(1, worse, events=stages), run(2, STEPS, events=stages))

    assert same.verdict is Verdict.UNCHANGED
    assert {shift.stage for each in same.endpoints for shift in each.shifts} == {each.text for each in stages}
    assert slower.verdict is Verdict.REGRESSED
    flagged = {shift.stage for each in slower.endpoints for shift in each.shifts if shift.flagged}
    assert flagged == {"stage 2: 20 users"}
    assert slower.explanation.startswith("the whole run is slower: p")
    assert slower.explanation.count('in "stage 2: 20 users"') == 3  # all together, and both endpoints
    assert all('in "stage ' in each.explanation for each in same.endpoints)


@pytest.mark.parametrize(("late", "verdict"), [(0.06, Verdict.UNCHANGED), (0.2, Verdict.REGRESSED)])
def test_error_rates_are_compared_stage_by_stage(late: float, verdict: Verdict) -> None:
    old, new = failing_late(2, 100, 0.06), failing_late(1, 40, late)
    result = compare_runs(new, old)

    assert result.verdict is verdict
    if verdict is Verdict.REGRESSED:
        assert result.reasons == (Reason.THROUGHPUT, Reason.ERROR_RATE)
        assert 'fails more often in "late": 6' in result.explanation


def test_a_failing_stage_that_is_longer_is_no_change_and_a_failing_minute_of_a_short_one_is_not_quiet() -> None:
    longer = compare_runs(failing_late(1, 40, 0.3), failing_late(2, 100, 0.3))
    outage = compare_runs(failing_late(1, 100, 0.3), failing_late(2, 100, 0.0))

    assert longer.verdict is Verdict.UNCHANGED
    assert not any("share of failed requests changed" in note for each in longer.endpoints for note in each.notes)
    assert outage.verdict is not Verdict.UNCHANGED
    assert 'in "late"' in outage.explanation


def failing_late(seed: int, begins: int, share: float) -> Recording:
    """Return a run of 120 s in which a share of the requests fails from second `begins` on, when a stage begins."""
    rng = np.random.default_rng(seed)
    times = rng.uniform(0, 120, 7200)
    failed = (times >= begins) & (rng.uniform(size=7200) < share)
    events = (event(0.0, "stage", "early"), event(begins, "stage", "late"))
    info = replace(run(seed, STEADY).info, events=events)
    return recording(info, rng.integers(0, 2, 7200), times, 0.05 * rng.lognormal(0.0, 0.1, 7200), failed)


def test_a_throughput_that_falls_in_one_stage_is_told_of_it() -> None:
    rng = np.random.default_rng(5)
    stages = (event(0.0, "stage", "5 users"), event(60.0, "stage", "20 users"))
    sides = []
    for name, late in (("old", 7200), ("new", 3600)):
        times = np.concatenate([rng.uniform(0, 60, 3600), rng.uniform(60, 120, late)])
        info = replace(run(1, STEADY).info, id=name, events=stages, requests=len(times))
        latencies = 0.05 * rng.lognormal(0.0, 0.1, len(times))
        sides.append(recording(info, rng.integers(0, 2, len(times)), times, latencies))

    fell, same = compare_runs(sides[1], sides[0]), compare_runs(sides[0], sides[0])

    assert (fell.verdict, fell.reasons) == (Verdict.REGRESSED, (Reason.THROUGHPUT,))
    assert fell.throughput is not None
    assert (fell.throughput.stage, round(fell.throughput.baseline / fell.throughput.current)) == ("20 users", 2)
    assert 'p < 0.0001) in "20 users"' in fell.explanation
    assert same.verdict is Verdict.UNCHANGED


def test_distributions_are_held_against_each_other_stage_by_stage() -> None:
    early = (event(0.0, "stage", "stage 1: 5 users"), event(40.0, "stage", "stage 2: 20 users"))
    late = (event(0.0, "stage", "stage 1: 5 users"), event(80.0, "stage", "stage 2: 20 users"))
    sooner, later = (np.where(np.arange(120) < at, 1.0, 3.0) for at in (40, 80))
    slower = np.where(np.arange(120) < 80, 1.0, 3.0 * 1.3)

    same = compare_runs(run(1, sooner, events=early), run(2, later, events=late))
    worse = compare_runs(run(1, slower, events=late), run(2, later, events=late))

    for each in same.endpoints:
        assert [panel.stage for panel in each.ks_stages] == ["stage 1: 5 users", "stage 2: 20 users"]
        assert max(panel.distance for panel in each.ks_stages) < 0.1
        assert each.a12 == pytest.approx(0.5, abs=0.05)
    for each in worse.endpoints:
        assert each.ks is not None
        assert each.ks == each.ks_stages[1]
        assert each.ks_stages[0].distance < 0.1 < each.ks.distance
        assert ' in "stage 2: 20 users"' in each.explanation
        row = endpoint_row(each)
        assert row.ks_sentence.startswith('In "stage 2: 20 users": The two runs differ most at ')
        assert "D by stage: stage 1: 5 users 0.0" in row.ks_sentence
    assert ' in "stage 2: 20 users"' in worse.explanation


def test_the_stage_that_surest_differs_is_shown_and_not_one_of_few_requests() -> None:
    rng = np.random.default_rng(11)
    stages = (event(0.0, "stage", "busy"), event(90.0, "stage", "idle"))
    sides = []
    for name, slower in (("old", 1.0), ("new", 1.2)):
        times = np.concatenate([rng.uniform(0, 90, 9000), rng.uniform(90, 120, 24)])
        latencies = 0.05 * np.where(times < 90, slower, 1.0) * rng.lognormal(0.0, 0.3, len(times))
        info = replace(run(1, STEADY).info, id=name, events=stages, requests=len(times))
        sides.append(recording(info, np.zeros(len(times), dtype=int), times, latencies))

    (found,) = compare_runs(sides[1], sides[0]).endpoints

    assert found.ks is not None
    assert found.ks.stage == "busy"
    assert found.ks.distance < max(panel.distance for panel in found.ks_stages)
    assert found.a12 is not None
    assert found.a12 > 0.6


def test_a_changed_shape_is_told_of_its_stage() -> None:
    told = ((0.2, True, "stage 2"), (0.3, True, ""), (0.1, False, "stage 3"))
    panels = [KsPanel(d, d, 0.1, 0.5, 0.5 + d, 0.0, 0.001, 50.0, changed, stage) for d, changed, stage in told]

    notes = endpoint_notes(Pair(EndpointKey("GET", "/"), None, None), (), panels)

    assert notes[0].startswith('In "stage 2" the shape of the distribution changed (D = 0.20)')
    assert notes[1].startswith("The shape of the distribution changed (D = 0.30)")
    assert len(notes) == 2


def test_what_was_changed_by_hand_is_not_compared_with_what_was_not() -> None:
    changed = event(60.0, "users_changed", "users are 20 now", "20 users")
    moving = (Interval(START + 59.0, START + 64.0),)

    by_hand = compare_runs(run(1, STEPS, events=(changed,), unsettled=moving), run(2, STEADY))
    pooled = compare_runs(run(1, STEPS), run(2, STEADY))

    assert pooled.verdict is Verdict.REGRESSED
    assert by_hand.verdict is Verdict.UNCHANGED
    assert "Not compared, because not every run has it: 20 users" in by_hand.warnings
    assert {each.current.requests for each in by_hand.endpoints if each.current}.isdisjoint({0})
    assert sum(each.current.requests for each in by_hand.endpoints if each.current) <= 59 * 60


def test_seconds_in_which_workers_moved_are_not_compared() -> None:
    disturbed = np.where((np.arange(120) >= 50) & (np.arange(120) < 70), 4.0, 1.0)
    moving = (Interval(START + 50.0, START + 70.0),)

    assert compare_runs(run(1, disturbed), run(2, STEADY)).verdict is not Verdict.UNCHANGED
    assert compare_runs(run(1, disturbed, unsettled=moving), run(2, STEADY)).verdict is Verdict.UNCHANGED
