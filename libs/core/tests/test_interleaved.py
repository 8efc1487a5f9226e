"""Interleaved tests: who is loaded when, what of it counts, and that the machine's drift does not decide."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perf_core.compare import compare_runs
from perf_core.compare.blocks import compressed, measured_part, outside_share
from perf_core.compare.exit_code import exit_code
from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import BUCKETS, FloatArray, bucket_indexes
from perf_core.model.run import Block, RunInfo
from perf_core.model.schedule import alternate
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording
from perf_core.model.verdict import Reason, Verdict
from perf_core.report.context import build_context
from perf_core.runstore import RunStore
from perf_core.stats.noise import Influence
from perf_core.stats.paired_test import pair_influences

START = 5000
LENGTH = 10


def outcome(times: FloatArray, latencies: FloatArray) -> OutcomeSeries:
    if not len(times):
        return OutcomeSeries.empty()
    seconds = np.sort(times.astype(np.int64))
    latencies = latencies[np.argsort(times)]
    rows, first, counts = np.unique(seconds, return_index=True, return_counts=True)
    cells, cell_counts = np.unique(seconds * BUCKETS + bucket_indexes(latencies), return_counts=True)
    sums, low, high = (f.reduceat(latencies, first) for f in (np.add, np.minimum, np.maximum))
    zeros = np.zeros_like(rows)
    return OutcomeSeries(rows, counts, sums, low, high, zeros, cells // BUCKETS, cells % BUCKETS, cell_counts)


def sides(
    pairs: int = 24, slow: float = 1.0, drift: float = 0.0, moods: float = 0.0, seed: int = 1
) -> tuple[Recording, Recording]:
    """Two sides on one machine that gets slower by `drift` over the test and has `moods` of a few seconds.

    6 endpoints with 40 requests a second each; GET /e2 is `slow` times slower on the current side.
    """
    draw = np.random.default_rng(seed)
    schedule = alternate(START, LENGTH, pairs, seed)
    end = START + 2 * pairs * LENGTH
    mood = np.exp(np.repeat(draw.normal(0, moods, (end - START) // 5 + 1), 5))
    made = []
    for name, blocks, other, factor in (("a", schedule[0], "b", 1.0), ("b", schedule[1], "a", slow)):
        endpoints = {}
        for number in range(6):
            count = 40 * LENGTH * pairs
            starts = np.array([block.start for block in blocks])
            times = starts[draw.integers(0, pairs, count)] + draw.uniform(0, LENGTH, count)
            machine = (1 + drift * (times - START) / (end - START)) * mood[(times - START).astype(int)]
            latencies = 0.02 * draw.lognormal(0, 0.3, count) * machine * (factor if number == 2 else 1.0)
            key = EndpointKey("GET", f"/e{number}")
            endpoints[key] = EndpointSeries(key, outcome(times, latencies), OutcomeSeries.empty())
        info = RunInfo(name, "s", "", started=START - 20.0, ended=float(end), blocks=blocks, partner=other)
        made.append(Recording(info, endpoints))
    return made[0], made[1]


@pytest.mark.parametrize("pairs", [1, 6, 7, 30])
def test_blocks_cover_the_time_once_and_each_side_leads_as_often(pairs: int) -> None:
    baseline, current = alternate(START, LENGTH, pairs, 3)

    everything = sorted([*baseline, *current], key=lambda block: block.start)
    leads = sum(old.start < new.start for old, new in zip(baseline, current, strict=True))
    assert everything[0].start == START
    assert all(one.end == other.start for one, other in itertools.pairwise(everything))
    assert everything[-1].end == START + 2 * LENGTH * pairs
    assert abs(2 * leads - pairs) <= 1


def test_the_order_is_that_of_the_seed() -> None:
    assert alternate(START, LENGTH, 30, 3) == alternate(START, LENGTH, 30, 3)
    assert len({alternate(START, LENGTH, 30, seed) for seed in range(20)}) > 15


def test_only_the_seconds_inside_the_blocks_count() -> None:
    key = EndpointKey("GET", "/")
    series = outcome(np.arange(START, START + 40) + 0.5, np.full(40, 0.1))
    info = RunInfo("a", "s", "", blocks=(Block(START + 10, START + 20), Block(START + 30, START + 35)), partner="b")
    recording = Recording(info, {key: EndpointSeries(key, series, OutcomeSeries.empty())})

    part, short = measured_part(recording), compressed(recording, 2)

    assert (part.endpoints[key].ok.seconds - START).tolist() == [*range(11, 19), *range(31, 34)]
    assert short.endpoints[key].ok.seconds.tolist() == list(range(11))
    assert (short.info.started, short.info.ended) == (0.0, 11.0)
    assert measured_part(replace(recording, info=replace(info, blocks=()))).requests == 40
    assert outside_share(recording) == pytest.approx(9 / 25)


def test_what_both_sides_owe_to_a_block_cancels() -> None:
    shared = np.array([0.3, -0.1, -0.2, 0.0])
    own = np.array([0.01, -0.01, 0.0, 0.0])

    still, moving = pair_influences([Influence(1.0, shared, 1, 1e-6)], [Influence(1.1, shared + own, 2, 2e-6)], 1)

    assert (still[0].value, moving[0].value, moving[0].merge) == (1.0, 1.1, 2)
    assert not still[0].psi.any()
    assert moving[0].psi == pytest.approx(own)
    assert still[0].floor + moving[0].floor == pytest.approx(3e-6)


@pytest.mark.parametrize("drift", [0.0, 0.2, -0.2])
def test_a_drifting_machine_does_not_make_the_same_version_slower(drift: float) -> None:
    baseline, current = sides(drift=drift)

    assert compare_runs(current, baseline).verdict is Verdict.UNCHANGED


def test_six_percent_are_found_on_a_machine_with_moods_where_unpaired_runs_say_nothing() -> None:
    baseline, current = sides(slow=1.06, drift=0.2, moods=0.1, seed=7)
    apart = replace(current, info=replace(current.info, partner=None))

    result = compare_runs(current, baseline)

    assert compare_runs(apart, baseline).verdict is not Verdict.REGRESSED
    assert result.verdict is Verdict.REGRESSED
    assert [each.key.name for each in result.endpoints if each.verdict is Verdict.REGRESSED] == ["/e2"]
    assert "24 pairs of blocks of 10 s in random order, 1 s at both ends of each left out" in result.explanation


def test_too_few_pairs_are_no_answer() -> None:
    baseline, current = sides(pairs=5, slow=2.0)

    result = compare_runs(current, baseline)

    assert (result.verdict, result.reasons) == (Verdict.INCONCLUSIVE, (Reason.TOO_FEW_REQUESTS,))
    assert "There are 5 pairs of blocks, 6 are needed" in result.explanation
    assert exit_code(current.info, result) == 4


def test_the_report_says_how_blocks_are_judged() -> None:
    baseline, current = sides(pairs=6)
    comparison = compare_runs(current, baseline)

    method = build_context(comparison, current, baseline).method
    apart = build_context(comparison, replace(current, info=replace(current.info, partner=None)), baseline).method

    assert method[0].startswith("The two versions took turns")
    assert apart[0].startswith("The first 0 s of both runs")
    assert method[1:] == apart[1:]


def test_only_the_pairs_count_that_a_test_ended_early_went_through() -> None:
    baseline, current = sides(pairs=24, slow=2.0)
    ended = {pairs: float(START + 2 * LENGTH * pairs + 5) for pairs in (4, 7)}

    few, enough = (
        compare_runs(current, replace(baseline, info=replace(baseline.info, ended=ended[pairs]))) for pairs in (4, 7)
    )

    assert "There are 4 pairs of blocks, 6 are needed" in few.explanation
    assert enough.verdict is Verdict.REGRESSED
    assert "(7 pairs of blocks of 10 s in random order" in enough.explanation


def test_users_that_go_on_in_the_other_sides_blocks_are_told_of() -> None:
    baseline, current = sides(pairs=6)
    late = Recording(
        replace(current.info, blocks=tuple(Block(each.start + 5, each.end + 5) for each in current.info.blocks)),
        current.endpoints,
    )

    assert not any("longer than a block" in each for each in compare_runs(current, baseline).warnings)
    assert any("to the current side began in blocks" in each for each in compare_runs(late, baseline).warnings)


def test_thresholds_look_at_the_blocks_only() -> None:
    baseline, current = sides(pairs=6)

    kept = compare_runs(current, baseline, thresholds={"t": 'rate of "GET /e1" > 38/s'})
    broken = compare_runs(current, baseline, thresholds={"t": "p50 < baseline - 20%"})

    assert kept.broken_thresholds == ()
    assert broken.broken_thresholds[0].startswith("t: p50 of all requests was 19.9 ms")


def test_blocks_are_kept_in_the_run_folder_and_are_nobodys_latest_baseline(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    info = RunInfo("a", "s", "", state="finished", requests=5, blocks=(Block(1, 11),), partner="b")  # type: ignore[arg-type]
    store.create(info)

    assert store.folder("a").read_info() == info
    with pytest.raises(Exception, match="no finished VALID run"):
        store.choose_baseline("latest", "s")
