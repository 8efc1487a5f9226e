"""A baseline that is a set of runs of one build."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from perf_core.errors import BaselineError, DamagedRunError
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity, Verdict
from perf_core.runstore import RunStore, run_ids
from perf_core.runstore.pack import SET_MAGIC, pack_set, unpack_set
from perf_core.runstore.retention import Retention, past_retention
from perf_core.runstore.unpacked import store_packed


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def stored(store: RunStore, run_id: str, **facts: object) -> RunInfo:
    info = replace(RunInfo(run_id, "shop", "http://x", state=RunState.FINISHED, requests=9), **facts)
    store.create(info)
    return info


def test_runs_are_added_once_and_taken_out_one_by_one(store: RunStore) -> None:
    a, b, c = (stored(store, name, started=float(at)) for at, name in enumerate("abc"))

    for info in (a, b, b, c):
        promotion = store.add_to_baseline(info, "ada")
    found = [run.id for run in store.choose_baselines(None, "shop")]
    others = [run.id for run in store.choose_baselines(None, "shop", excluding="a")]
    left = store.remove_from_baseline(a)

    assert promotion.run_ids == ("a", "b", "c")
    assert (found, others) == (["a", "b", "c"], ["b", "c"])
    assert left is not None
    assert left.run_ids == ("b", "c")
    with pytest.raises(BaselineError, match="run a is not in the baseline of scenario 'shop'"):
        store.remove_from_baseline(a)
    store.remove_from_baseline(b)
    assert store.remove_from_baseline(c) is None
    assert store.promoted("shop") is None


def test_a_run_that_proves_little_is_not_added_without_force(store: RunStore) -> None:
    store.promote(stored(store, "a"), "ada")
    suspect = stored(store, "b", validity=Validity.SUSPECT)

    with pytest.raises(BaselineError, match="promote a VALID run"):
        store.add_to_baseline(suspect, "ada")
    assert store.add_to_baseline(suspect, "ada", force=True).more == ("b",)


def test_a_promotion_of_an_older_version_is_a_set_of_one(store: RunStore) -> None:
    store.promote(stored(store, "a"), "ada")
    path = next((store.root / "baselines").iterdir())
    document = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in document.items() if name != "more"}))

    assert [run.id for run in store.choose_baselines(None, "shop")] == ["a"]


def test_ids_with_commas_name_a_set_and_a_missing_one_is_told(store: RunStore) -> None:
    stored(store, "a")
    stored(store, "b")

    assert [run.id for run in store.choose_baselines("b, a,b,", "shop")] == ["b", "a"]
    assert run_ids(" , ") == ()
    with pytest.raises(BaselineError, match="there is no run z"):
        store.choose_baselines("a,z", "shop")


def test_retention_keeps_every_run_of_the_set(store: RunStore) -> None:
    for at, name in enumerate("abcd"):
        stored(store, name, started=float(at))
    for name in "ab":
        store.add_to_baseline(store.folder(name).read_info(), "ada")

    assert [run.id for run in past_retention(store, Retention(runs=1), 1e9)] == ["c"]


def test_latest_is_none_of_the_runs_that_were_judged_regressed_together(store: RunStore) -> None:
    stored(store, "good", started=1.0)
    stored(store, "first", started=2.0, quiet=True, verdict=Verdict.UNCHANGED)
    stored(store, "last", started=3.0, repeats=("first",), verdict=Verdict.REGRESSED)

    assert [run.id for run in store.choose_baselines("latest", "shop")] == ["good"]
    assert store.folder("last").read_info().repeats == ("first",)


def test_a_set_is_packed_into_one_file_and_back(store: RunStore, tmp_path: Path) -> None:
    infos = [stored(store, name, started=float(at)) for at, name in enumerate("abc")]
    data = pack_set([(info, ()) for info in infos])
    elsewhere = RunStore(tmp_path / "elsewhere")

    folders = store_packed(elsewhere, data)

    assert [folder.id for folder in folders] == ["a", "b", "c"]
    assert [run.info for run in unpack_set(data)] == infos
    assert len(unpack_set(pack_set([(infos[0], ())]))) == 1
    for broken in (data[:-9], SET_MAGIC + b"\x90", SET_MAGIC + b"\x01", SET_MAGIC):
        with pytest.raises(DamagedRunError, match="pack"):
            unpack_set(broken)
