"""Old runs go; baselines, protected and unfinished runs, and those whose mail waits, stay."""

from dataclasses import replace

import pytest

from perf_core.errors import UsageError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState
from perf_core.notify import Channel, Outbox
from perf_core.notify.prune import prune, prune_as_configured
from perf_core.runstore import RunStore
from perf_core.runstore.retention import Retention, is_protected, past_retention, protect, sweep, unprotect

DAY = 86400.0
NOW = 1_790_000_000.0


@pytest.fixture
def store(tmp_path) -> RunStore:
    """Ten runs of one scenario, r9 of today, r0 nine days old, and one of another scenario, as old as r0."""
    runs = RunStore(tmp_path)
    for age in range(10):
        runs.create(RunInfo(f"r{9 - age}", "shop", "t", state=RunState.FINISHED, started=NOW - age * DAY - 60))
    runs.create(RunInfo("other", "other", "t", state=RunState.FINISHED, started=NOW - 9 * DAY))
    return runs


def ids(runs: tuple[RunInfo, ...]) -> list[str]:
    return sorted(run.id for run in runs)


def test_without_limits_all_is_kept(store):
    assert past_retention(store, Retention(), NOW) == ()


def test_runs_go_by_age(store):
    assert ids(past_retention(store, Retention(seconds=7.5 * DAY), NOW)) == ["other", "r0", "r1"]


def test_runs_go_by_count_in_each_scenario(store):
    assert ids(past_retention(store, Retention(runs=8), NOW)) == ["r0", "r1"]


def test_what_is_needed_stays(store):
    store.promote(replace(store.folder("r0").read_info(), requests=1), "somebody", force=True)
    protect(store.folder("r1"), "somebody")
    store.folder("r2").write_info(replace(store.folder("r2").read_info(), state=RunState.RUNNING))
    Outbox(store.root).enqueue("r3", Channel.MAIL, NOW)
    sent = Outbox(store.root).enqueue("r4", Channel.MAIL, NOW)
    Outbox(store.root).write(sent.delivered(NOW))

    gone = prune(store, Retention(runs=1), keeping=("r5",))

    assert ids(gone) == ["r4", "r6", "r7", "r8"]
    assert ids(tuple(store.list())) == ["other", "r0", "r1", "r2", "r3", "r5", "r9"]
    assert [entry.run_id for entry in Outbox(store.root).entries()] == ["r3"]


def test_a_dry_run_deletes_nothing(store):
    assert len(prune(store, Retention(runs=1), dry=True)) == 9
    assert len(store.list()) == 11


def test_protection_can_be_taken_back(store):
    protect(store.folder("r0"), "somebody")

    assert is_protected(store.folder("r0"))
    assert unprotect(store.folder("r0"))
    assert not unprotect(store.folder("r0"))


def test_a_damaged_promotion_keeps_all_runs_of_its_scenario(store):
    store.promote(replace(store.folder("r0").read_info(), requests=1), "somebody", force=True)
    next((store.root / "baselines").glob("shop*")).write_text("{")

    assert past_retention(store, Retention(runs=1), NOW) == ()


def test_an_interrupted_deletion_is_no_run_and_is_finished(store):
    (store.root / "r0").rename(store.root / ".deleted-r0")

    assert "r0" not in ids(tuple(store.list()))
    sweep(store)
    assert not (store.root / ".deleted-r0").exists()


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan", "inf"])
def test_a_limit_that_makes_no_sense_is_named_and_deletes_nothing(store, text):
    with pytest.raises(UsageError, match="PERF_RETENTION_RUNS"):
        prune_as_configured(store, {"PERF_RETENTION_RUNS": text}, keeping=())

    assert len(store.list()) == 11


def test_the_environment_limits_age_and_count(store):
    assert Retention.from_environment({"PERF_RETENTION_DAYS": "30", "PERF_RETENTION_RUNS": "5"}) == Retention(
        30 * DAY, 5
    )
    prune_as_configured(store, {"PERF_RETENTION_RUNS": "2"}, keeping=())

    assert ids(tuple(store.list())) == ["other", "r8", "r9"]
