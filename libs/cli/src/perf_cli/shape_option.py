"""What `run --shape` adds to the plan of a run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from perf_core.errors import UsageError
from perf_core.model.plan import GUARD


def planned_shape(path: Path, thresholds: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the shape's document, and the thresholds that the whole run must keep.

    A search holds the thresholds against each of its steps: the whole run breaks them, that is how it finds.

    Raises:
        UsageError: the file makes no sense, or a search has no threshold to look for.
    """
    from perf_core.compare.threshold import parse_thresholds
    from perf_locust.shape_file import read_shape

    shape = read_shape(path)
    if shape.kind != "search":
        return shape.document(), thresholds
    guards = {key: text for key, text in thresholds.items() if key in GUARD}
    sought = {key: text for key, text in thresholds.items() if key not in GUARD}
    parsed = parse_thresholds(sought)
    if not parsed:
        raise UsageError("a search needs a threshold to look for; add one, like --threshold 'p95 < 300ms'")
    for each in parsed:
        if each.limit.relative or each.window is not None:
            raise UsageError(
                f"{each.key} is {each.text!r}; a search holds thresholds against its steps: "
                "leave out the baseline and 'for'"
            )
    return replace(shape, thresholds=tuple(sought.items())).document(), guards
