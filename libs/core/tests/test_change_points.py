"""Changes of level in histories that are known."""

import numpy as np
import pytest

from perf_core.stats.change_points import change_points


def noise(seed: int, runs: int = 30, sigma: float = 0.03) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, sigma, runs)


@pytest.mark.parametrize("at", [3, 8, 15, 22, 27])
def test_one_change_is_found_where_it_is(at):
    history = noise(at)
    history[at:] += 0.3

    (found,) = change_points(history)

    assert found.index == at
    assert found.after - found.before == pytest.approx(0.3, abs=0.05)


def test_two_changes_are_found_in_order():
    history = noise(1, 60)
    history[20:40] += 0.3

    assert [each.index for each in change_points(history)] == [20, 40]


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([], id="no run"),
        pytest.param([1.0], id="one run"),
        pytest.param([1.0, 1.0, 1.0, 9.0, 9.0], id="five runs"),
        pytest.param([0.0] * 40, id="always the same"),
        pytest.param([0.0] * 15 + [5.0] + [0.0] * 15, id="one spike"),
        pytest.param([0.0, 1.0] * 20, id="to and fro"),
    ],
)
def test_no_change_is_no_change(history):
    assert change_points(np.array(history)) == ()


def test_unchanged_histories_are_rarely_called_changed():
    false_alarms = sum(bool(change_points(noise(seed), 0.01)) for seed in range(200))

    assert false_alarms <= 6  # 2 expected; 7 or more has a chance of 0.5 %


def test_the_same_history_always_gives_the_same_answer():
    history = noise(2)
    history[15:] += 0.06

    assert change_points(history) == change_points(history.copy())
