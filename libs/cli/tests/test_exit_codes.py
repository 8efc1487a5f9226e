"""The exit codes of `run`, `compare` and `report`, cell by cell: the first rule that applies."""

import itertools

import pytest

from perf_core.compare.comparison import RunComparison, RunReference
from perf_core.compare.exit_code import exit_code
from perf_core.model.run import RunEvent, RunInfo
from perf_core.model.verdict import Reason, Validity, Verdict

NOISE, FEW = (Reason.NOISE,), (Reason.TOO_FEW_REQUESTS,)


def judged(
    verdict: Verdict | None,
    reasons: tuple[Reason, ...] = (),
    validity: Validity = Validity.VALID,
    *,
    broken: bool = False,
    lost: str = "",
) -> tuple[RunInfo, RunComparison]:
    events = (RunEvent(0.0, "worker_lost", "w1: went away"),) if lost == "worker" else ()
    info = RunInfo(
        "r", "shop", "http://x", validity=validity, events=events, lost_requests=3 if lost == "requests" else 0
    )
    reference = RunReference("r", "shop", "http://x", None, validity)
    comparison = RunComparison(
        verdict=verdict,
        validity=validity,
        reasons=reasons,
        explanation="",
        baseline=None,
        current=reference,
        endpoints=(),
        broken_thresholds=("p95 is 300 ms",) if broken else (),
    )
    return info, comparison


@pytest.mark.parametrize(
    ("verdict", "reasons", "code", "strict_code"),
    [
        pytest.param(None, (), 0, 0, id="nothing to compare with"),
        pytest.param(Verdict.UNCHANGED, (), 0, 0, id="unchanged"),
        pytest.param(Verdict.IMPROVED, (), 0, 0, id="improved"),
        pytest.param(Verdict.REGRESSED, (Reason.LATENCY,), 3, 3, id="regressed"),
        pytest.param(Verdict.INCONCLUSIVE, NOISE, 0, 4, id="noise"),
        pytest.param(Verdict.INCONCLUSIVE, FEW, 4, 4, id="too few requests"),
        pytest.param(Verdict.INCONCLUSIVE, (Reason.NO_DATA,), 4, 4, id="no data"),
        pytest.param(Verdict.INCONCLUSIVE, (Reason.NOT_COMPARABLE,), 4, 4, id="not comparable"),
        pytest.param(Verdict.INCONCLUSIVE, (Reason.SUSPECT,), 4, 4, id="suspect"),
        pytest.param(Verdict.INCONCLUSIVE, (*NOISE, *FEW), 4, 4, id="noise and another reason"),
    ],
)
def test_a_verdict_has_its_code(verdict, reasons, code: int, strict_code: int) -> None:
    info, comparison = judged(verdict, reasons)

    assert exit_code(info, comparison) == code
    assert exit_code(info, comparison, strict=True) == strict_code


@pytest.mark.parametrize("lost", ["requests", "worker"])
@pytest.mark.parametrize(
    ("verdict", "reasons", "code"),
    [
        (None, (), 4),
        (Verdict.UNCHANGED, (), 4),
        (Verdict.IMPROVED, (), 4),
        (Verdict.REGRESSED, (), 3),
        (Verdict.INCONCLUSIVE, NOISE, 4),
    ],
)
def test_what_was_lost_is_no_pass_and_hides_no_regression(verdict, reasons, code: int, lost: str) -> None:
    assert exit_code(*judged(verdict, reasons, lost=lost)) == code


@pytest.mark.parametrize("verdict", [None, *Verdict])
def test_a_broken_threshold_counts_as_regressed_whatever_the_verdict(verdict) -> None:
    assert exit_code(*judged(verdict, NOISE, broken=True)) == 3


@pytest.mark.parametrize(
    ("verdict", "broken", "lost", "strict"),
    list(itertools.product([None, *Verdict], [False, True], ["", "requests", "worker"], [False, True])),
)
def test_an_invalid_run_is_6_before_everything_else(verdict, broken: bool, lost: str, strict: bool) -> None:
    info, comparison = judged(verdict, NOISE, Validity.INVALID, broken=broken, lost=lost)

    assert exit_code(info, comparison, strict=strict) == 6


def test_a_suspect_run_that_lost_nothing_has_the_code_of_its_verdict() -> None:
    assert exit_code(*judged(Verdict.REGRESSED, (), Validity.SUSPECT)) == 3
    assert exit_code(*judged(Verdict.INCONCLUSIVE, (Reason.SUSPECT,), Validity.SUSPECT)) == 4
