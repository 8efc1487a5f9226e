"""Decisions about runs as people state them: promote, forget, protect; the same here and through a master."""

from collections.abc import Mapping

from perf_core.errors import BaselineError, UsageError
from perf_core.runstore.baselines import Promotion
from perf_core.runstore.retention import protect, unprotect
from perf_core.runstore.store import RunStore

ACTIONS = ("set", "clear", "protect", "unprotect")


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
    folder = store.folder(subject)
    if action == "protect":
        protect(folder, wanted.get("by", ""))
        return f"run {folder.id} is kept whatever its age"
    if unprotect(folder):
        return f"retention decides about run {folder.id} again"
    raise BaselineError(f"run {folder.id} is not protected; see `perf-platform baseline show`")


def _clear(store: RunStore, scenario: str) -> str:
    if not store.clear(scenario):
        raise BaselineError(f"scenario '{scenario}' has no baseline; see `perf-platform baseline show`")
    return f"scenario '{scenario}' has no baseline any more"
