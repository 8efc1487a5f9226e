"""What endpoints scatter on their own between two runs, and which of them may say so."""

import numpy as np
import pytest

from perf_core.stats.noise import Influence
from perf_core.stats.own_noise import MOST_LEFT_OUT
from perf_core.stats.run_noise import NoiseModel
from perf_core.stats.shift_test import QuantileTest, shift_test

QUIET = NoiseModel(run=2e-4, run_freedom=60.0, endpoint=2e-4)
SCATTER = (0.03, 0.01, 0.16, 0.01, -0.17)
"""Shifts of small endpoints on a busy machine, as a demonstration there had them."""


def judged(shifts: list[float]) -> QuantileTest:
    """Return the test of endpoints with these shifts, known to 2 % from 30 windows on each side."""
    random = np.random.default_rng(7)
    sides = []
    for side in ([0.0] * len(shifts), shifts):
        psi = random.normal(0, 0.02 / np.sqrt(30), (len(shifts), 30))
        psi -= psi.mean(axis=1, keepdims=True)
        sides.append(
            [Influence(0.05 * float(np.exp(shift)), own, 1, 1e-8) for shift, own in zip(side, psi, strict=True)]
        )
    return shift_test(*sides, QUIET)


@pytest.mark.parametrize("endpoints", [5, MOST_LEFT_OUT])
def test_no_endpoint_adds_its_own_shift_to_the_noise_it_is_held_against(endpoints: int) -> None:
    rest = [SCATTER[at % len(SCATTER)] for at in range(endpoints - 1)]
    still, moved = judged([0.0, *rest]).endpoints[0], judged([0.27, *rest]).endpoints[0]

    assert moved.error == still.error
    assert moved.relative_error == still.relative_error


def test_one_that_moved_is_found_among_five_of_which_two_scatter() -> None:
    result = judged([0.27, *SCATTER])

    assert result.endpoints[0].slower < 0.0005
    assert result.own
    assert result.own.beside[0].variance < 0.2 * result.own.together.variance


def test_when_all_scatter_each_is_held_against_it() -> None:
    result = judged([0.1, -0.1, 0.2, 0.0, -0.2, 0.15])

    assert result.own
    assert min(each.variance for each in result.own.beside) > 10 * QUIET.endpoint
    assert min(each.slower for each in result.endpoints) > 0.01


def test_what_few_others_show_is_trusted_less_than_what_was_known() -> None:
    calm, wild = judged([0.01, -0.01, 0.02, 0.0, -0.02, 0.01]), judged([0.1, -0.1, 0.2, 0.0, -0.2, 0.15])

    assert calm.own
    assert {each.freedom for each in calm.own.beside} == {QUIET.endpoint_freedom}
    assert wild.own
    assert max(each.freedom for each in wild.own.beside) < wild.own.together.freedom


def test_among_many_endpoints_all_are_asked_at_once() -> None:
    shifts = list(np.random.default_rng(3).normal(0, 0.1, MOST_LEFT_OUT + 1))
    result = judged(shifts)

    assert result.own
    assert set(result.own.beside) == {result.own.together}
