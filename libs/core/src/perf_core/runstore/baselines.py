"""Which run, or set of runs, is the baseline of a scenario: one small file per scenario, written by a decision."""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from perf_core.errors import BaselineError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity
from perf_core.runstore.atomic import write_atomically

FOLDER = "baselines"


@dataclass(frozen=True, slots=True)
class Promotion:
    """The decision that made a run the baseline of its scenario; `promoted_at` in Unix seconds.

    `more` are further runs of the same build: together they show how much one run differs from the next.
    """

    scenario: str
    run_id: str
    promoted_at: float
    by: str
    more: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, fields: dict[str, Any]) -> "Promotion":
        """Return the promotion of its fields as JSON has them."""
        return cls(**{**fields, "more": tuple(fields.get("more", ()))})

    @property
    def run_ids(self) -> tuple[str, ...]:
        """All runs of the set."""
        return (self.run_id, *self.more)


def read_promotion(root: Path, scenario: str) -> Promotion | None:
    """Return who is the baseline of the scenario.

    Raises:
        BaselineError: the file is damaged.
    """
    path = _path(root, scenario)
    try:
        return Promotion.from_document(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, AttributeError, TypeError, ValueError) as cause:
        raise BaselineError(
            f"{path} cannot be read ({cause}); promote a run again with `perf-platform baseline set RUN`"
        ) from cause


def write_promotion(root: Path, run: RunInfo, by: str, *, force: bool) -> Promotion:
    """Make the run the baseline of its scenario.

    Raises:
        BaselineError: the run is not finished, SUSPECT, INVALID, of low resolution or empty, and `force` is off.
    """
    if not force:
        _check(run)
    return _written(root, Promotion(run.scenario, run.id, time.time(), by))


def add_run(root: Path, run: RunInfo, by: str, *, force: bool) -> Promotion:
    """Add the run to the baseline of its scenario; the first one is promoted.

    Raises:
        BaselineError: as for `write_promotion`, or the file is damaged.
    """
    before = read_promotion(root, run.scenario)
    if before is None:
        return write_promotion(root, run, by, force=force)
    if not force:
        _check(run)
    if run.id in before.run_ids:
        return before
    return _written(root, replace(before, more=(*before.more, run.id), promoted_at=time.time(), by=by))


def remove_run(root: Path, run: RunInfo) -> Promotion | None:
    """Take a run out of the baseline of its scenario; return what is left of it.

    Raises:
        BaselineError: it is not in it.
    """
    before = read_promotion(root, run.scenario)
    if before is None or run.id not in before.run_ids:
        raise BaselineError(
            f"run {run.id} is not in the baseline of scenario '{run.scenario}'; see `perf-platform baseline show`"
        )
    left = [each for each in before.run_ids if each != run.id]
    if not left:
        clear_promotion(root, run.scenario)
        return None
    return _written(root, replace(before, run_id=left[0], more=tuple(left[1:])))


def clear_promotion(root: Path, scenario: str) -> bool:
    """Forget the baseline of the scenario; return whether there was one."""
    path = _path(root, scenario)
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def _written(root: Path, promotion: Promotion) -> Promotion:
    path = _path(root, promotion.scenario)
    write_atomically(path, (json.dumps(asdict(promotion), indent=2) + "\n").encode())
    return promotion


def _check(run: RunInfo) -> None:
    if run.state is not RunState.FINISHED:
        raise BaselineError(f"run {run.id} is {run.state}; promote a finished run, or force it with --force")
    if run.validity is not Validity.VALID:
        why = "; ".join(run.validity_reasons) or "no reason is recorded"
        raise BaselineError(f"run {run.id} is {run.validity} ({why}); promote a VALID run, or force it with --force")
    if run.low_resolution:
        why = "nothing can be judged against it"
        raise BaselineError(f"run {run.id} is of low resolution ({why}); record one, or force it with --force")
    if not run.requests:
        raise BaselineError(f"run {run.id} has no request; promote a run that has some")


def _path(root: Path, scenario: str) -> Path:
    return root / FOLDER / f"{quote(scenario, safe=' ')}.json"
