"""Runs that are not like others: what the judge says when there is little, nothing or something odd to judge."""

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from simulator import START, recording

from perf_core.compare import compare_runs
from perf_core.compare.comparison import EndpointComparison, RunComparison
from perf_core.compare.findings import surest_drop
from perf_core.compare.policy import ComparisonPolicy
from perf_core.model.histogram import FloatArray, Histogram
from perf_core.model.run import RunInfo, RunState
from perf_core.model.series import Recording
from perf_core.model.verdict import Reason, Verdict
from perf_core.stats.absence import absence
from perf_core.stats.failure_test import failure_rise_p_value
from perf_core.stats.noise import grouped_sums, merge_factor
from perf_core.stats.throughput_test import ThroughputTest
from perf_core.stats.windows import EndpointWindows

SECONDS = 60
LONGER = re.compile(r"run (\d+) times longer$")


def run(
    seed: int,
    latencies: list[FloatArray],
    *,
    failing: dict[int, float] | None = None,
    seconds: int = SECONDS,
    outage: tuple[float, float] | None = None,
) -> Recording:
    """Return a run with one array of latencies per endpoint; `failing` shares fail, all of them in `outage`."""
    random = np.random.default_rng(seed)
    endpoints = np.concatenate([np.full(len(each), at) for at, each in enumerate(latencies)])
    times = random.uniform(0, seconds, len(endpoints))
    chances = np.array([(failing or {}).get(at, 0.0) for at in range(len(latencies))])
    failed = random.uniform(size=len(endpoints)) < chances[endpoints]
    if outage:
        failed |= (times >= outage[0]) & (times < outage[1])
    info = RunInfo(
        f"run-{seed}",
        "s",
        "http://t",
        RunState.FINISHED,
        started=float(START),
        ended=float(START + seconds),
    )
    return recording(info, endpoints, times, np.concatenate(latencies), failed)


def normal(seed: int, endpoints: int = 6, requests: int = 1500, slow: float = 1.0) -> list[FloatArray]:
    random = np.random.default_rng([seed, 5])
    drawn = [0.05 * random.lognormal(0, 0.25, requests) for _ in range(endpoints)]
    drawn[0] *= slow
    return drawn


def endpoint(result: RunComparison, number: int) -> EndpointComparison:
    return next(each for each in result.endpoints if each.key.name == f"/e{number:03d}")


def test_no_quantile_decides_with_fewer_than_fifty_requests_beyond_it() -> None:
    few = [*normal(1), normal(2, 1, 90)[0] * 3]
    result = compare_runs(run(1, few), run(2, [*normal(3), normal(4, 1, 90)[0]]))

    assert [shift.quantile for shift in endpoint(result, 0).shifts] == [0.5, 0.95]
    assert endpoint(result, 6).reasons == (Reason.TOO_FEW_REQUESTS,)
    assert endpoint(result, 6).ks is not None
    assert "a verdict needs 100 in 12: run 2 times longer" in endpoint(result, 6).explanation


def test_of_nothing_but_noise_no_long_numbers_are_told() -> None:
    coin = [np.where(np.random.default_rng([seed, 3]).uniform(size=400) < 0.5, 0.0, 0.001) for seed in range(8)]
    result = compare_runs(run(1, coin[:4]), run(2, coin[4:]))

    assert result.verdict is Verdict.INCONCLUSIVE
    for text in (result.explanation, *(each.explanation for each in result.endpoints)):
        assert "not even p50 at ten times what it was would have been seen" in text
        assert max(len(word) for word in text.split()) < 20


def test_fewer_than_eight_answers_are_a_table_and_no_curve() -> None:
    result = compare_runs(run(1, [*normal(1), normal(1)[0][:7]]), run(2, [*normal(2), normal(2)[0][:9]]))

    assert endpoint(result, 6).ks is None
    assert endpoint(result, 6).current is not None
    assert endpoint(result, 0).ks is not None


def test_eight_seconds_are_too_few_windows_and_told_so() -> None:
    result = compare_runs(run(1, normal(1), seconds=8), run(2, normal(2), seconds=8))

    assert (result.verdict, result.reasons) == (Verdict.INCONCLUSIVE, (Reason.TOO_FEW_REQUESTS,))
    assert all(each.ks and each.ks.p_corrected is None for each in result.endpoints)


def test_a_sparse_endpoint_with_empty_windows_is_judged_in_wider_ones() -> None:
    old, new = ([*normal(seed), normal(seed + 9, 1, 130)[0] * factor] for seed, factor in ((1, 1.0), (2, 2.0)))
    result = compare_runs(run(1, new), run(2, old))

    assert endpoint(result, 6).verdict is Verdict.REGRESSED
    assert "GET /e006 p50" in result.explanation


@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.0, Verdict.UNCHANGED), (1.5, Verdict.REGRESSED), (1.01, Verdict.UNCHANGED)]
)
def test_answers_that_all_take_the_same_time_are_judged_by_size(factor: float, verdict: Verdict) -> None:
    same = [*normal(1), np.full(1500, 0.05)]
    result = compare_runs(run(1, [*normal(2), np.full(1500, 0.05 * factor)]), run(2, same))

    judged = endpoint(result, 6)
    assert judged.verdict is verdict
    assert judged.ks is not None
    assert (judged.ks.distance, judged.ks.p_value) == ((0.0, 1.0) if factor == 1 else (1.0, judged.ks.p_value))
    assert any(note.startswith("Degenerate") for note in judged.notes)


def two_kinds(seed: int, misses: int, requests: int = 4000) -> FloatArray:
    """Return answers of 10 ms, as from a cache, and exactly so many of a second that it did not have."""
    random = np.random.default_rng([seed, 8])
    slow = random.permutation(np.arange(requests) < misses)
    return np.where(slow, 1.0, 0.01) * random.lognormal(0, 0.15, requests)


@pytest.mark.parametrize(("before", "after", "regressed"), [(184, 216, False), (120, 280, True)])
def test_a_quantile_that_chance_moves_across_a_gap_is_no_regression(before: int, after: int, regressed: bool) -> None:
    old, new = [*normal(2), two_kinds(2, before)], [*normal(1), two_kinds(1, after)]
    judged = endpoint(compare_runs(run(1, new), run(2, old)), 6)
    shift = next(each for each in judged.shifts if each.quantile == 0.95)

    assert shift.ratio > 20
    assert (judged.verdict is Verdict.REGRESSED) is regressed


def test_answers_below_the_clock_s_resolution_are_no_error() -> None:
    zeros = [*normal(1), np.zeros(1500)]
    result = compare_runs(run(1, [*normal(2), np.zeros(1500)]), run(2, zeros))

    assert endpoint(result, 6).verdict is Verdict.UNCHANGED


@pytest.mark.parametrize("digits", [2, 3])
def test_rounding_is_not_taken_for_a_change(digits: int) -> None:
    old, new = ([np.round(each, digits) for each in normal(seed)] for seed in (1, 2))
    result = compare_runs(run(1, new), run(2, old))

    assert result.verdict is not Verdict.REGRESSED
    assert any("Low resolution" in note for note in endpoint(result, 0).notes)
    ratio = endpoint(result, 0).shifts[0].ratio
    assert ratio == pytest.approx(np.median(normal(2)[0]) / np.median(normal(1)[0]), rel=0.02)


def test_an_endpoint_that_only_fails_has_an_error_rate_and_no_latency() -> None:
    result = compare_runs(
        run(1, normal(1), failing={0: 1.0}, seconds=SECONDS), run(2, normal(2), failing={0: 1.0}, seconds=SECONDS)
    )
    broken = compare_runs(run(1, normal(1), failing={0: 1.0}), run(2, normal(2)))

    assert endpoint(result, 0).verdict is Verdict.INCONCLUSIVE
    assert "no request was answered" in endpoint(result, 0).explanation
    assert endpoint(broken, 0).reasons == (Reason.ERROR_RATE,)
    assert any("share of failed requests changed" in note for note in endpoint(broken, 0).notes)


def test_one_outage_is_one_event_however_many_requests_it_fails() -> None:
    old = run(2, normal(2), failing={0: 0.002})
    outage = compare_runs(run(1, normal(1), outage=(30.0, 30.8)), old)
    spread = compare_runs(run(1, normal(1), failing={0: 0.05}), old)

    assert Reason.ERROR_RATE not in outage.reasons
    assert spread.reasons == (Reason.ERROR_RATE,)


def test_a_fifth_of_failed_requests_is_never_unchanged() -> None:
    result = compare_runs(run(1, normal(1), outage=(30.0, 42.0)), run(2, normal(2)))

    assert (result.verdict, result.reasons) == (Verdict.INCONCLUSIVE, (Reason.NOISE,))
    assert "fails more often: 0.0 % -> 19.0 %" in endpoint(result, 0).explanation
    assert result.explanation.endswith("repeat it: if the change is real, it comes again")


def test_what_cannot_be_judged_is_not_taken_for_noise() -> None:
    failing = dict.fromkeys(range(3), 1.0)
    broken = compare_runs(run(1, normal(1), failing=failing), run(2, normal(2), failing=failing))
    seldom = [*normal(1, 4), *normal(3, 60, 80)], [*normal(2, 4), *normal(4, 60, 80)]
    few = compare_runs(run(1, seldom[0]), run(2, seldom[1]))

    assert broken.reasons == few.reasons == (Reason.TOO_FEW_REQUESTS,)
    assert "endpoints with 50% of the requests" in broken.explanation
    assert broken.explanation.endswith("no request was answered on one side or both")
    assert few.explanation.endswith("run 2 times longer")


@pytest.mark.parametrize(
    ("before", "after", "regressed"),
    [(0.0001, 0.0009, False), (0.0001, 0.004, True), (0.1, 0.13, False), (0.1, 0.17, True)],
)
def test_error_rates_must_rise_by_a_tenth_of_a_point_and_by_half(
    before: float, after: float, regressed: bool
) -> None:
    sides = [[*normal(seed, 3), normal(seed + 2, 1, 30_000)[0]] for seed in (1, 2)]
    result = compare_runs(run(1, sides[0], failing={3: after}), run(2, sides[1], failing={3: before}))

    assert (Reason.ERROR_RATE in endpoint(result, 3).reasons) is regressed


def test_few_failures_are_tested_by_the_windows_that_hold_them() -> None:
    def side(failures: list[float]) -> EndpointWindows:
        none, failed = np.zeros(0, dtype=np.int64), np.array([*failures, *np.zeros(60 - len(failures))])
        return EndpointWindows(none, none, none, 20 - failed, np.full(60, 20.0), failed, Histogram.empty())

    found = failure_rise_p_value(side([3.0]), side([1.0, 4.0, 1.0, 2.0, 1.0]))
    chances = stats.hypergeom(120, 6, 60)

    assert found == pytest.approx(chances.sf(5) + chances.pmf(5) / 2)


def test_neighbouring_windows_are_merged_until_five_requests_are_in_each() -> None:
    assert [merge_factor(requests, 60) for requests in (300, 299, 130, 60)] == [1, 2, 3, 5]
    assert grouped_sums(np.arange(7.0), 3).tolist() == [3.0, 18.0]


def test_fewer_requests_that_follow_from_slower_answers_are_told_once_as_that() -> None:
    slower = [each[:900] * 1.6 for each in normal(1)]
    result = compare_runs(run(1, slower), run(2, normal(2)))

    assert {Reason.LATENCY, Reason.THROUGHPUT} <= set(result.reasons)
    assert result.explanation.count("as fewer requests fit when answers take longer") == 1


def test_another_mix_of_the_same_endpoints_is_no_change() -> None:
    def mixed(seed: int, often: int) -> list[FloatArray]:
        """Return five endpoints of which the slow one is called so often, and the first as much less."""
        drawn = normal(seed, 5, 3000)
        return [drawn[0][: 3000 - often], *drawn[1:4], drawn[4][:often] * 5]

    old, new = mixed(2, 600), mixed(1, 2400)
    result = compare_runs(run(1, new), run(2, old))

    assert np.concatenate(new).mean() > 1.5 * np.concatenate(old).mean()
    assert result.verdict is Verdict.UNCHANGED


def test_a_missing_endpoint_is_no_regression_when_that_is_allowed() -> None:
    old, new = run(2, normal(2)), run(1, normal(1)[:5])

    assert compare_runs(new, old).reasons == (Reason.MISSING,)
    allowed = compare_runs(new, old, settings={"allow_missing": True})
    assert allowed.verdict is Verdict.UNCHANGED
    assert (endpoint(allowed, 5).verdict, endpoint(allowed, 5).reasons) == (None, (Reason.MISSING,))


def test_a_drop_that_matters_is_told_before_a_surer_one_that_does_not() -> None:
    small, large = (ThroughputTest(100.0, after, after / 100, 0.0, 1.0, 0.0) for after in (96.0, 80.0))
    told = surest_drop([("a", small), ("b", large)], [1e-9, 1e-6], ComparisonPolicy())

    assert told is not None
    assert (told.stage, told.flagged) == ("b", True)
    assert surest_drop([], [], ComparisonPolicy()) is None


def test_fewer_answers_per_second_are_a_regression_of_their_own() -> None:
    fewer = [each[:900] for each in normal(1)]
    result = compare_runs(run(1, fewer), run(2, normal(2)))

    assert (result.verdict, result.reasons) == (Verdict.REGRESSED, (Reason.THROUGHPUT,))
    assert "fewer requests were answered: 150 -> 90 per second" in result.explanation
    assert result.throughput
    assert result.throughput.ratio == pytest.approx(0.6, rel=0.02)


def test_a_renamed_endpoint_is_missing_and_the_likely_new_name_is_told() -> None:
    old, new = run(2, normal(2)), run(1, normal(1))
    key = next(iter(new.endpoints))
    other = replace(key, name="/e000v2")
    renamed = {other if each == key else each: replace(series, key=other if each == key else each)
               for each, series in new.endpoints.items()}  # fmt: skip
    result = compare_runs(replace(new, endpoints=renamed), old)

    assert endpoint(result, 0).reasons == (Reason.MISSING,)
    assert any("GET /e000v2 is new and has a similar name" in note for note in endpoint(result, 0).notes)


def with_few(seed: int, requests: int, *, seconds: int = SECONDS, at_once: bool = False) -> Recording:
    """Return a run of which endpoint 6 has a few requests, spread evenly or all in one second."""
    usual = [each[: 25 * seconds] for each in normal(seed)]
    if not requests:
        return run(seed, usual, seconds=seconds)
    seen = np.full(requests, 30.5) if at_once else (np.arange(requests) + 0.5) * seconds / requests
    few = recording(RunInfo("few", "s", "t"), np.full(requests, 6), seen, np.full(requests, 0.05))
    base = run(seed, usual, seconds=seconds)
    return replace(base, endpoints={**base.endpoints, **few.endpoints})


@pytest.mark.parametrize(
    ("requests", "seconds", "at_once", "verdict"),
    [
        (3, 4, False, Verdict.INCONCLUSIVE),
        (40, 4, False, Verdict.REGRESSED),
        (7, SECONDS, False, Verdict.INCONCLUSIVE),
        (8, SECONDS, False, Verdict.REGRESSED),
        (40, SECONDS, True, Verdict.INCONCLUSIVE),
    ],
)
def test_an_endpoint_is_missing_only_when_chance_does_not_explain_it(
    requests: int, seconds: int, at_once: bool, verdict: Verdict
) -> None:
    old = with_few(2, requests, seconds=seconds, at_once=at_once)
    result = compare_runs(with_few(1, 0, seconds=seconds), old, ComparisonPolicy(warm_up=0.0))
    gone = endpoint(result, 6)

    assert gone.verdict is verdict
    assert (result.verdict is Verdict.REGRESSED) == (verdict is Verdict.REGRESSED)
    if verdict is Verdict.INCONCLUSIVE:
        assert gone.reasons == (Reason.TOO_FEW_REQUESTS,)
        why = "which came in few bursts" if at_once else "which is so few that it can be chance"
        assert f"the baseline has {requests} requests, this run none, {why}" in (gone.explanation)


def test_how_much_longer_to_run_for_a_seldom_endpoint_to_be_missed_is_right() -> None:
    seldom = absence(np.array([1.0, 0.0, 1.0, 1.0]), 4.0, 8.0)

    assert seldom.chance == pytest.approx((1 / 3) ** 3)
    longer = seldom.times_longer(0.001)
    assert (1 / 3) ** (3 * longer) == pytest.approx(0.001)


@pytest.mark.parametrize("rest", [1.0, 0.95])
def test_most_endpoints_slower_are_told_run_wide_and_the_others_are_not_improved(rest: float) -> None:
    slower = [each * (1.3 if at < 5 else rest) for at, each in enumerate(normal(1, 8))]
    result = compare_runs(run(1, slower), run(2, normal(2, 8)))

    assert result.verdict is Verdict.REGRESSED
    assert Reason.RUN_WIDE in result.reasons
    assert not [each for each in result.endpoints if each.verdict is Verdict.IMPROVED]


def test_improved_is_said_at_a_quarter_of_the_error_level() -> None:
    old, faster = run(2, normal(2)), run(1, normal(1, slow=0.9))
    found = min(shift.p_value for shift in endpoint(compare_runs(faster, old), 0).shifts)
    for times, verdict in ((3.5, Verdict.UNCHANGED), (4.5, Verdict.IMPROVED)):
        policy = ComparisonPolicy(alpha=times * found, run_wide_share=0.0)
        assert compare_runs(faster, old, policy).verdict is verdict


def test_fewer_than_four_endpoints_have_no_relative_view_and_this_is_told() -> None:
    result = compare_runs(run(1, normal(1, 3)), run(2, normal(2, 3)))

    assert result.verdict is Verdict.UNCHANGED
    assert any("fewer than four endpoints" in each for each in result.warnings)


def test_answers_at_a_timeout_are_told_apart() -> None:
    capped = [*normal(1), np.minimum(normal(3, 1, 1500)[0], 0.07)]
    result = compare_runs(run(1, capped), run(2, [*normal(2), normal(4, 1, 1500)[0]]))

    assert any("if that is a timeout" in note for note in endpoint(result, 6).notes)


def test_noise_is_answered_with_what_would_have_been_seen_and_what_would_help() -> None:
    random = np.random.default_rng(5)
    wild = [[0.05 * random.lognormal(0, 1.5, 300) for _ in range(6)] for _ in range(2)]
    result = compare_runs(run(1, wild[0]), run(2, wild[1]))

    told = [each for each in result.endpoints if each.reasons == (Reason.NOISE,)]
    assert result.reasons == (Reason.NOISE,)
    assert result.detectable
    assert told
    assert all("would not have been seen" in each.explanation for each in told)
    assert any("times longer" in each.explanation for each in told)
    assert any(each.explanation.endswith(result.explanation.rsplit("; ", 1)[-1]) for each in told)


def test_the_advice_is_long_enough_for_most_of_the_requests_and_helps() -> None:
    def wild(seed: int, longer: int) -> Recording:
        random = np.random.default_rng([seed, 6])
        rare = [0.05 * random.lognormal(0, 0.8, 250 * longer) for _ in range(5)]
        large = 0.05 * random.lognormal(0, 0.5, 500 * longer)
        return run(seed, [*rare, large], seconds=SECONDS * longer)

    result = compare_runs(wild(1, 1), wild(2, 1))
    endpoints = [each for each in result.endpoints if each.reasons == (Reason.NOISE,)]
    asked = [int(found[1]) for each in endpoints if (found := LONGER.search(each.explanation))]
    advised = LONGER.search(result.explanation)

    assert result.reasons == (Reason.NOISE,)
    assert advised
    assert min(asked) < int(advised[1]) <= max(asked)
    assert compare_runs(wild(3, int(advised[1])), wild(4, int(advised[1]))).verdict is Verdict.UNCHANGED


def test_when_runs_differ_more_baselines_are_the_advice() -> None:
    noisy = ComparisonPolicy(sigma_run=0.15)
    result = compare_runs(run(1, normal(1)), run(2, normal(2)), noisy)

    assert result.reasons == (Reason.NOISE,)
    assert "add two more baseline runs" in endpoint(result, 0).explanation
    assert "add two more baseline runs" in result.explanation


def test_a_changed_shape_warns_and_never_decides() -> None:
    random = np.random.default_rng(7)
    wide = 0.05 * np.exp(np.clip(random.normal(0, 0.25, 4000), -0.02, 0.02))
    narrow = [*normal(1), np.concatenate([wide[:3000], 0.05 * random.lognormal(0, 0.25, 1000)])]
    result = compare_runs(run(1, narrow), run(2, [*normal(2), 0.05 * random.lognormal(0, 0.25, 4000)]))
    judged = endpoint(result, 6)

    assert judged.ks is not None
    assert judged.ks.shape_changed == (not any(shift.flagged for shift in judged.shifts))
    assert judged.ks.distance > 0.05


def test_the_answer_is_always_the_same() -> None:
    sides = run(1, normal(1, slow=1.2)), run(2, normal(2))

    assert compare_runs(*sides) == compare_runs(*sides)
