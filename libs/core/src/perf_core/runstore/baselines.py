"""Which run is the baseline of a scenario: one small file per scenario, written by a decision."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from perf_core.errors import BaselineError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity
from perf_core.runstore.atomic import write_atomically

FOLDER = "baselines"


@dataclass(frozen=True, slots=True)
class Promotion:
    """The decision that made a run the baseline of its scenario; `promoted_at` in Unix seconds."""

    scenario: str
    run_id: str
    promoted_at: float
    by: str


def read_promotion(root: Path, scenario: str) -> Promotion | None:
    """Return who is the baseline of the scenario.

    Raises:
        BaselineError: the file is damaged.
    """
    path = _path(root, scenario)
    try:
        return Promotion(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, TypeError, ValueError) as cause:
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
    promotion = Promotion(run.scenario, run.id, time.time(), by)
    write_atomically(_path(root, run.scenario), (json.dumps(asdict(promotion), indent=2) + "\n").encode())
    return promotion


def clear_promotion(root: Path, scenario: str) -> bool:
    """Forget the baseline of the scenario; return whether there was one."""
    path = _path(root, scenario)
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


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
