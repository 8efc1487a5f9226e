"""The advice of an INCONCLUSIVE names what hides the answer: length, runs, or the machine."""

from dataclasses import replace

import pytest

from perf_core.compare.comparison import QuantileShift
from perf_core.compare.policy import DEFAULT
from perf_core.compare.quantile_rows import MORE_BASELINES, QUIETER, REPEAT, JudgedQuantile, remedy
from perf_core.stats.shift_test import EndpointShift

ONE = (1, 1)


def row(shift: float, inside: float, between: float) -> JudgedQuantile:
    """Return p50 with this shift of its logarithm, and the two parts of its variance."""
    raw = EndpointShift(shift, (inside + between) ** 0.5, 60.0, None, 60.0, 0.5, 0.5, 0.5, inside)
    shown = QuantileShift(0.5, 0.1, 0.1, 1.0, 0.9, 1.1, 0.5, flagged=False, detectable=0.2)
    return JudgedQuantile(raw, shown, improved=False)


@pytest.mark.parametrize(
    ("told", "rows"),
    [
        ("run 2 times longer", [row(0.0, 0.005, 0.0005)]),
        (QUIETER, [row(0.0, 0.25, 0.001)]),
        (MORE_BASELINES, [row(0.0, 0.0001, 0.0045)]),
        ("add two more baseline runs and repeat this one (--repeat 3)", [row(0.0, 0.0001, 0.01)]),
        (REPEAT, [row(0.3, 0.0001, 0.002)]),
    ],
)
def test_the_advice_is_about_what_hides_the_answer(told: str, rows: list[JudgedQuantile]) -> None:
    assert remedy(rows, ONE, DEFAULT).startswith(told)


def test_two_more_baselines_are_no_advice_where_they_change_little() -> None:
    hidden = [row(0.0, 0.0001, 0.006)]

    assert remedy(hidden, (3, 1), DEFAULT).startswith("add two more baseline runs and repeat this one (--repeat 3)")
    assert remedy(hidden, (3, 3), DEFAULT).startswith("add two more baseline runs and repeat this one (--repeat 5)")


def test_a_test_block_against_block_is_never_told_to_add_baseline_runs() -> None:
    blocks = replace(DEFAULT, block_seconds=10)

    assert remedy([row(0.0, 0.0001, 0.0045)], ONE, blocks) == QUIETER
