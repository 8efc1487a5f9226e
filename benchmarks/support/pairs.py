"""What paired rounds say: their median, and how well it is known."""

import statistics
from collections.abc import Sequence

import numpy as np


def half_width(ratios: Sequence[float], rounds: int = 2000) -> float:
    """Return half the width of the 95 % bootstrap interval of the median."""
    values, random = np.array(ratios), np.random.default_rng(1)
    medians = np.median(random.choice(values, size=(rounds, len(values))), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return float(high - low) / 2


def told(ratios: Sequence[float]) -> str:
    """Return the median with its half-width as a phrase."""
    return f"median {statistics.median(ratios):.3f} +- {half_width(ratios):.3f} of {len(ratios)} pairs"
