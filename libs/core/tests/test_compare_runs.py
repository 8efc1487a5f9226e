from typing import Any

import numpy as np
import pytest
from scipy import stats

from perf_core.compare import compare_runs
from perf_core.compare.document import from_document, to_document
from perf_core.model.endpoint import EndpointKey
from perf_core.model.histogram import FloatArray, Histogram, bucket_indexes
from perf_core.model.run import RunInfo
from perf_core.model.series import EndpointSeries, OutcomeSeries, Recording
from perf_core.model.verdict import Reason, Validity, Verdict
from perf_core.stats.holm import holm
from perf_core.stats.ks import ks_p_value, ks_test, superiority


def _series(times: FloatArray, latencies: FloatArray) -> OutcomeSeries:
    order = np.argsort(times)
    seconds, latencies = times[order].astype(np.int64), latencies[order]
    if not len(seconds):
        return OutcomeSeries.empty()
    rows, first, counts = np.unique(seconds, return_index=True, return_counts=True)
    cells, cell_counts = np.unique(seconds * 131072 + bucket_indexes(latencies), return_counts=True)
    sums, low, high = (f.reduceat(latencies, first) for f in (np.add, np.minimum, np.maximum))
    return OutcomeSeries(rows, counts, sums, low, high, counts, cells // 131072, cells % 131072, cell_counts)


def _run(
    seed: int,
    *,
    slow: float = 1.0,
    failing: float = 0.0,
    endpoints: int = 8,
    info: dict[str, Any] | None = None,
    skip: tuple[int, ...] = (),
) -> Recording:
    rng = np.random.default_rng(seed)
    recorded = {}
    for index in range(endpoints):
        times = 1000 + rng.uniform(0, 60, 900)
        latencies = np.exp(rng.normal(np.log(0.02 * (index + 1)), 0.25, 900)) * (slow if index == 2 else 1.0)
        failed = rng.uniform(size=900) < (failing if index == 1 else 0.0)
        key = EndpointKey("GET", f"/e{index}")
        if index not in skip:
            good, bad = _series(times[~failed], latencies[~failed]), _series(times[failed], latencies[failed])
            recorded[key] = EndpointSeries(key, good, bad)
    facts = {"started": 1000.0, "ended": 1060.0, **(info or {})}
    return Recording(RunInfo(f"run-{seed}", "s", "http://t", **facts), recorded)


def test_the_same_build_is_unchanged() -> None:
    assert compare_runs(_run(1), _run(2)).verdict is Verdict.UNCHANGED


def test_a_slower_endpoint_is_named_and_explained() -> None:
    result = compare_runs(_run(1, slow=1.3), _run(2))

    assert result.verdict is Verdict.REGRESSED
    assert [each.key.name for each in result.endpoints if each.verdict is Verdict.REGRESSED] == ["/e2"]
    assert "GET /e2 p" in result.explanation
    assert "95 % interval" in result.explanation


def test_one_slow_endpoint_of_two_is_not_the_whole_run() -> None:
    two: dict[str, Any] = {"endpoints": 3, "skip": (0,), "failing": 0.7}  # the other one is known less well
    one = compare_runs(_run(1, slow=1.3, **two), _run(2, **two))

    assert [each.verdict for each in one.endpoints] == [Verdict.REGRESSED, Verdict.UNCHANGED]
    assert Reason.RUN_WIDE in one.reasons
    assert "the whole run" not in one.explanation
    assert "the larger part of the run is slower" in one.explanation


def test_an_unchanged_run_says_of_which_quantiles_nothing_is_known() -> None:
    few = compare_runs(_run(1), _run(2))  # 900 requests an endpoint

    assert few.explanation.endswith("100% of the requests, but of p50 only: too few requests to judge p95")
    assert all(each.explanation.endswith("; too few requests to judge p95 and p99") for each in few.endpoints)


def test_a_faster_endpoint_is_improved() -> None:
    assert compare_runs(_run(1, slow=0.6), _run(2)).verdict is Verdict.IMPROVED


def test_failures_that_appear_are_a_regression_by_error_rate() -> None:
    result = compare_runs(_run(1, failing=0.1), _run(2))

    assert result.verdict is Verdict.REGRESSED
    assert Reason.ERROR_RATE in result.reasons


def test_an_endpoint_that_is_gone_is_a_regression_and_a_new_one_has_no_verdict() -> None:
    assert Reason.MISSING in compare_runs(_run(1, skip=(3,)), _run(2)).reasons

    new = compare_runs(_run(1), _run(2, skip=(3,)))
    assert [each.key.name for each in new.endpoints if each.verdict is None] == ["/e3"]
    assert new.verdict is Verdict.UNCHANGED


def test_without_a_baseline_there_is_no_verdict() -> None:
    result = compare_runs(_run(1), None)

    assert result.verdict is None
    assert len(result.endpoints) == 8


@pytest.mark.parametrize(
    ("info", "reason"),
    [({"validity": Validity.INVALID}, Reason.SUSPECT), ({"fingerprint": {"users": "9"}}, Reason.NOT_COMPARABLE)],
    ids=["invalid", "other users"],
)
def test_what_cannot_be_judged_is_inconclusive(info: dict[str, Any], reason: Reason) -> None:
    result = compare_runs(_run(1, slow=1.3, info=info), _run(2, info={"fingerprint": {"users": "5"}}))

    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.reasons == (reason,)


def test_a_run_with_no_request_is_never_a_pass() -> None:
    result = compare_runs(_run(1, endpoints=0), _run(2))

    assert result.reasons == (Reason.NO_DATA,)


def test_a_run_compared_with_itself_has_no_distance() -> None:
    result = compare_runs(_run(1), _run(1))

    assert result.verdict is Verdict.UNCHANGED
    assert all(each.ks.distance == 0 and each.ks.p_value == 1 for each in result.endpoints)
    assert "The run was compared with itself" in result.warnings


def test_a_comparison_survives_its_document() -> None:
    document = to_document(compare_runs(_run(1, slow=1.3), _run(2)))

    assert to_document(from_document(document)) == document
    assert document["baseline"] == "run-2"


@pytest.mark.parametrize("seed", range(10))
def test_ks_is_that_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    old, new = rng.lognormal(-3, 0.4, 5000), rng.lognormal(-3 + 0.02 * seed, 0.4, 3000)
    sides = Histogram.from_latencies(old), Histogram.from_latencies(new)

    result = ks_test(*sides)
    expected = stats.ks_2samp(old, new, method="asymp")

    assert result.distance <= expected.statistic + 1e-12 <= result.bound + 2e-12
    assert result.distance == pytest.approx(expected.statistic, abs=2e-3)
    assert ks_p_value(expected.statistic, 5000, 3000) == pytest.approx(expected.pvalue, rel=1e-9)
    wins = stats.mannwhitneyu(new, old).statistic / (5000 * 3000)
    assert superiority(*sides) == pytest.approx(wins, abs=1e-3)


@pytest.mark.parametrize("requests", [1_500, 20_000, 300_000, 1_999_998, 2_000_010, 10**9])
@pytest.mark.parametrize("times", [0.4, 0.8, 1.4832, 1.4833, 2.5, 6.0, 15.0, 30.0])
def test_the_naive_p_value_is_that_of_scipy_for_any_number_of_requests(requests: int, times: float) -> None:
    effective = round(requests / 2)
    distance = min(0.49, times / effective**0.5)

    assert ks_p_value(distance, requests, requests) == pytest.approx(
        float(stats.kstwo.sf(distance, effective)), rel=1e-10, abs=1e-300
    )


def test_the_naive_p_value_of_few_or_far_apart_requests_is_that_of_scipy() -> None:
    for distance, old, new in ((0.3, 40, 50), (0.9, 3_000, 5_000), (1.0, 3_000, 5_000), (0.5, 4_000, 4_000)):
        effective = round(old * new / (old + new))

        assert ks_p_value(distance, old, new) == pytest.approx(float(stats.kstwo.sf(distance, effective)), rel=1e-10)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
