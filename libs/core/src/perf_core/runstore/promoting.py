"""Decisions about runs as people state them: promote, forget, protect; the same here and through a master."""

from collections.abc import Mapping

from perf_core.errors import BaselineError, UsageError
from perf_core.model.fingerprint import FIELDS, Handling, differing
from perf_core.model.run import RunInfo
from perf_core.runstore.baselines import Promotion
from perf_core.runstore.folder import RunFolder
from perf_core.runstore.retention import protect, unprotect
from perf_core.runstore.store import RunStore

ACTIONS = ("set", "add", "remove", "clear", "protect", "unprotect")
_BUILD = ("version",)
"""Fields that may differ between the sides of a comparison, but not inside one."""


def promotions(store: RunStore) -> list[Promotion]:
    """Return the baseline of every scenario that has one."""
    scenarios = sorted({run.scenario for run in store.list()})
    return [promotion for scenario in scenarios if (promotion := store.promoted(scenario))]


def change_baseline(store: RunStore, wanted: Mapping[str, str]) -> str:
    """Do what is wanted - `action`, then `run` or `scenario`, `by` and `force` ("yes") - and return it as a sentence.

    Raises:
        UsageError: there is no such action, or it lacks its run or scenario.
        PerfError: it cannot be done; the message says why.
    """
    action = wanted.get("action", "")
    if action not in ACTIONS:
        raise UsageError(f"there is no action '{action}'; use one of {', '.join(ACTIONS)}")
    subject = wanted.get("scenario" if action == "clear" else "run")
    if not subject:
        raise UsageError(f"{action} needs a {'scenario' if action == 'clear' else 'run'}; name one")
    if action == "clear":
        return _clear(store, subject)
    if action == "set":
        promoted = store.promote(store.load(subject).info, wanted.get("by", ""), force=wanted.get("force") == "yes")
        return f"run {promoted.run_id} is now the baseline of scenario '{promoted.scenario}'"
    if action == "add":
        return _add(store, store.load(subject).info, wanted)
    if action == "remove":
        return _remove(store, store.folder(subject).read_info())
    return _protect(store.folder(subject), wanted)


def _protect(folder: RunFolder, wanted: Mapping[str, str]) -> str:
    if wanted["action"] == "protect":
        protect(folder, wanted.get("by", ""))
        return f"run {folder.id} is kept whatever its age"
    if unprotect(folder):
        return f"retention decides about run {folder.id} again"
    raise BaselineError(f"run {folder.id} is not protected; see `perf-platform baseline show`")


def _add(store: RunStore, info: RunInfo, wanted: Mapping[str, str]) -> str:
    force, before = wanted.get("force") == "yes", store.promoted(info.scenario)
    if before is not None and not force:
        _check_alike(store.folder(before.run_id).read_info(), info)
    made = store.add_to_baseline(info, wanted.get("by", ""), force=force)
    return f"scenario '{made.scenario}' has a baseline of {len(made.run_ids)}: {', '.join(made.run_ids)}"


def _remove(store: RunStore, info: RunInfo) -> str:
    left = store.remove_from_baseline(info)
    rest = f"{', '.join(left.run_ids)} left" if left else "nothing left"
    return f"run {info.id} is out of the baseline of scenario '{info.scenario}', {rest}"


def _check_alike(baseline: RunInfo, added: RunInfo) -> None:
    """Refuse a run under another load or of another build: a set shows the noise between runs, nothing else."""
    told = [
        text
        for field, text in differing(baseline, added).items()
        if field in _BUILD or FIELDS.get(field) is Handling.REFUSE
    ]
    if told:
        raise BaselineError(
            f"run {added.id} cannot join run {baseline.id}: {'; '.join(told)}; replace the baseline with "
            "`perf-platform baseline set`, or force it with --force"
        )


def _clear(store: RunStore, scenario: str) -> str:
    if not store.clear(scenario):
        raise BaselineError(f"scenario '{scenario}' has no baseline; see `perf-platform baseline show`")
    return f"scenario '{scenario}' has no baseline any more"
