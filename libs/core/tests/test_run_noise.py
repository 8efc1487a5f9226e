"""Noise between runs: assumed for one run a side, learnt from a set, and how well it is then known."""

import numpy as np
import pytest

from perf_core.stats.noise import Influence
from perf_core.stats.run_noise import SETTLED, NoisePrior, learn_noise
from perf_core.stats.shift_test import shift_test

PRIOR = NoisePrior(run=0.02**2, endpoint=0.01**2)


def run(*shifts: float) -> list[Influence]:
    """Return one run: an endpoint for every shift of the logarithm, with next to no noise inside the run."""
    return [Influence(float(np.exp(shift)), np.zeros(64), 1, 1e-9) for shift in shifts]


def test_one_run_a_side_shows_no_noise_and_the_prior_is_taken_for_known() -> None:
    noise = learn_noise([[run(0.3, 0.3)], [run(0.0, 0.0)]], PRIOR)

    assert noise.run == pytest.approx(2 * 0.02**2)
    assert noise.endpoint == pytest.approx(2 * 0.01**2)
    assert noise.run_freedom == noise.run_trust == SETTLED


def test_three_runs_are_weighed_against_the_prior_by_hand() -> None:
    noise = learn_noise([[run(0.0, 0.0), run(0.04, 0.04), run(-0.04, -0.04)], [run(0.3, 0.3)]], PRIOR)

    assert noise.run == pytest.approx((1 / 3 + 1) * (4 * 0.02**2 + 2 * 0.04**2) / 6, rel=1e-3)
    assert noise.endpoint < 2 * 0.01**2
    assert (noise.run_freedom, noise.run_trust) == (4.0, 6.0)


def test_what_was_learnt_must_be_surer_to_flag_a_change_than_to_exclude_one() -> None:
    sides = [run(0.0, 0.0), run(0.04, 0.04), run(-0.04, -0.04)], [run(0.03, 0.03)]
    noise = learn_noise([*sides], PRIOR)

    (shift, _) = shift_test(run(0.0, 0.0), run(0.03, 0.03), noise).endpoints

    assert shift.freedom < shift.trust < SETTLED
    assert 0.03 < shift.bound(0.95) < 0.03 + 2.13 * shift.error
