"""The compared part of a run: stretches of time without the ramp-up."""

from dataclasses import dataclass

import numpy as np

from perf_core.model.series import Recording
from perf_core.stats.windows import second_range


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole Unix seconds [first, end) of one stage; the stage of a run without a shape is empty."""

    first: int
    end: int
    stage: str = ""


def warm_up(recording: Recording) -> int:
    """Return the seconds from the start that are not compared: the declared ramp-up."""
    return int(np.ceil(recording.info.ramp_up))


def stretches(recording: Recording, trimmed: int) -> list[Stretch]:
    """Return what is left of a run without its first `trimmed` seconds."""
    start, end = second_range(recording)
    return [Stretch(start + trimmed, end)] if end > start + trimmed else []
