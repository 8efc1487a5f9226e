"""All runs of one folder (`PERF_RUNS_DIR`): the truth is in the files, nothing else is kept."""

import logging
import os
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from perf_core.errors import BaselineError, RunNotFoundError, RunStoreError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity, Verdict
from perf_core.runstore.baselines import (
    Promotion,
    add_run,
    clear_promotion,
    read_promotion,
    remove_run,
    write_promotion,
)
from perf_core.runstore.folder import RunFolder

if TYPE_CHECKING:
    from perf_core.model.series import Recording

log = logging.getLogger(__name__)


def new_run_id(now: float | None = None) -> str:
    """Return a fresh id that sorts by time (UTC): ``20261124-101500-3f9a``."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + f"-{secrets.token_hex(2)}"


def run_ids(text: str) -> tuple[str, ...]:
    """Return the ids of ``a,b,c``, each once, in order."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


@dataclass(frozen=True, slots=True)
class RunStore:
    """The runs under `root`."""

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "RunStore":
        """Return the store that `PERF_RUNS_DIR` names, default ``./runs``."""
        return cls(Path((os.environ if environment is None else environment).get("PERF_RUNS_DIR") or "runs"))

    def list(self) -> list[RunInfo]:
        """Return the facts of all runs, newest first; what is no run is left out, a damaged one with a warning."""
        runs = []
        for path in sorted(self.root.glob("*/run.json")) if self.root.is_dir() else ():
            try:
                runs.append(RunFolder(path.parent).read_info())
            except RunStoreError as cause:
                log.warning("run.unreadable: %s", cause)
        return sorted(runs, key=lambda run: (run.started or 0.0, run.id), reverse=True)

    def create(self, info: RunInfo) -> RunFolder:
        """Make the folder of a new run with its facts.

        Raises:
            RunStoreError: the folder cannot be written, or there is a run of that id.
        """
        self.check_new(info.id)
        folder = self.folder_of(info.id)
        folder.write_info(info)
        return folder

    def check_new(self, run_id: str) -> None:
        """Check that a run could be made under this id.

        Raises:
            RunStoreError: there is a run of that id, or it cannot be one.
        """
        if (self.folder_of(run_id).path / "run.json").exists():
            raise RunStoreError(f"there is a run {run_id} already; leave the id out to get a fresh one")

    def reserve(self) -> RunFolder:
        """Make the folder of a run that does not come from a live master, under an id that nobody else can get.

        It becomes a run when its facts are written.

        Raises:
            RunStoreError: the folder cannot be made.
        """
        while True:
            folder = RunFolder(self.root / new_run_id())
            try:
                folder.path.mkdir(parents=True)
            except FileExistsError:
                continue
            except OSError as cause:
                raise RunStoreError(
                    f"cannot make {folder.path} ({cause.strerror}); choose another folder with PERF_RUNS_DIR"
                ) from cause
            return folder

    def folder_of(self, run_id: str) -> RunFolder:
        """Return the folder a run of that id has or would have.

        Raises:
            RunNotFoundError: the text cannot be a run id.
        """
        if not run_id or run_id != Path(run_id).name or run_id.startswith(".") or "\0" in run_id:
            raise RunNotFoundError(f"{run_id!r} is not a run id; list the runs with `perf-platform runs`")
        return RunFolder(self.root / run_id)

    def folder(self, run_id: str) -> RunFolder:
        """Return the folder of a run; "latest" is the newest that is over.

        Raises:
            RunNotFoundError: there is none; the message names the newest that are there.
        """
        folder = self.folder_of(self._newest() if run_id == "latest" else run_id)
        if not (folder.path / "run.json").is_file():
            newest = ", ".join(run.id for run in self.list()[:3]) or "none yet"
            raise RunNotFoundError(f"there is no run {run_id} in {self.root}; the newest are: {newest}")
        return folder

    def _newest(self) -> str:
        for run in self.list():
            if run.state is not RunState.RUNNING:
                return run.id
        raise RunNotFoundError(f"no run in {self.root} is over; make one with `perf-platform run`")

    def load(self, run_id: str) -> "Recording":
        """Return everything recorded of a run."""
        return self.folder(run_id).load()

    def promoted(self, scenario: str) -> Promotion | None:
        """Return the baseline of a scenario, None when none was promoted."""
        return read_promotion(self.root, scenario)

    def promote(self, run: RunInfo, by: str, *, force: bool = False) -> Promotion:
        """Make a run the baseline of its scenario."""
        return write_promotion(self.root, run, by, force=force)

    def add_to_baseline(self, run: RunInfo, by: str, *, force: bool = False) -> Promotion:
        """Add a run to the baseline of its scenario."""
        return add_run(self.root, run, by, force=force)

    def remove_from_baseline(self, run: RunInfo) -> Promotion | None:
        """Take a run out of the baseline of its scenario; return what is left of it."""
        return remove_run(self.root, run)

    def clear(self, scenario: str) -> bool:
        """Forget the baseline of a scenario; return whether there was one."""
        return clear_promotion(self.root, scenario)

    def choose_baseline(self, choice: str | None, scenario: str, *, excluding: str | None = None) -> RunInfo | None:
        """Return the first run of `choose_baselines`, None when there is none."""
        return next(iter(self.choose_baselines(choice, scenario, excluding=excluding)), None)

    def choose_baselines(
        self, choice: str | None, scenario: str, *, excluding: str | None = None
    ) -> tuple[RunInfo, ...]:
        """Return the runs to compare with: None = the promoted ones, "latest", "none", or ids with commas.

        Raises:
            BaselineError: one was asked for, or promoted, and is not there or not readable.
        """
        if choice == "none":
            return ()
        if choice == "latest":
            return (newest_usable(self.list(), scenario, excluding, str(self.root)),)
        promotion = self.promoted(scenario) if choice is None else None
        promoted = tuple(each for each in promotion.run_ids if each != excluding) if promotion else ()
        wanted = promoted if choice is None else run_ids(choice)
        try:
            return tuple(self.folder(run_id).read_info() for run_id in wanted)
        except RunStoreError as cause:
            raise BaselineError(f"the baseline cannot be used: {cause}") from cause


def newest_usable(runs: Iterable[RunInfo], scenario: str, excluding: str | None, where: str) -> RunInfo:
    """Return what "latest" means: of runs, newest first, the first that is finished, VALID and not REGRESSED.

    Raises:
        BaselineError: there is none; the message says where it was looked for.
    """
    regressed: set[str] = set()
    for run in runs:
        if run.verdict is Verdict.REGRESSED:
            regressed |= {run.id, *run.repeats}  # judged together: none of them is good
        usable = run.state is RunState.FINISHED and run.validity is Validity.VALID
        usable = usable and not run.blocks and not run.low_resolution
        if usable and run.scenario == scenario and run.id != excluding and run.id not in regressed:
            return run
    raise BaselineError(
        f"no finished VALID run of scenario '{scenario}' is in {where}; make one, or use --baseline none"
    )
