"""The history of a scenario: thirty recorded runs, one change."""

import json
from dataclasses import replace

import pytest

from perf_core.compare.document import to_document
from perf_core.model.verdict import RunState, Validity
from perf_core.report import write_reports
from perf_core.report.html import render_trends
from perf_core.report.trends import scenario_history, trends_of, with_run
from perf_core.runstore import RunStore

CHANGED = 18


@pytest.fixture
def store(make_recording, make_comparison, tmp_path) -> RunStore:
    """Thirty runs, /report 30 % slower from one of them on; an INVALID, a running one, one of another scenario."""
    runs = RunStore(tmp_path / "runs")
    for at in range(30):
        wobble = 1 + 0.02 * ((at * 7) % 5 - 2) / 2
        factors = {"/items": wobble, "/report": wobble * (1.3 if at >= CHANGED else 1.0)}
        run = make_recording(f"202609{at + 1:02}-000000-aaaa", factors=factors, started=1e9 + at * 86400.0)
        comparison = make_comparison(run)
        folder = runs.create(run.info)
        folder.write_text("comparison.json", json.dumps(to_document(comparison)))
    write_reports(folder.path, comparison, run, None)
    runs.create(replace(run.info, id="invalid", validity=Validity.INVALID))
    runs.create(replace(run.info, id="running", state=RunState.RUNNING))
    runs.create(replace(run.info, id="other", scenario="other"))
    return runs


def test_the_run_that_changed_the_level_is_marked(store):
    history = scenario_history(store, "checkout")
    trends = {trend.name: trend for trend in trends_of(history)}

    assert len(history.runs) == 30
    (change,) = trends["GET /report p95"].changes
    assert change.run.id == "20260919-000000-aaaa"
    assert change.worse
    assert trends["GET /items p95"].changes == ()
    assert trends["throughput"].changes == trends["failed requests"].changes == ()
    page = render_trends([history])
    assert "20260919-000000-aaaa" in page
    assert "<script" not in page


def test_a_report_has_the_history_up_to_its_own_run(store, make_recording, make_comparison):
    run = make_recording("20260925-000000-aaaa", started=1e9 + 24 * 86400.0)
    history = with_run(scenario_history(store, "checkout"), run.info, make_comparison(run))

    assert [each.info.id for each in history.runs][-1] == run.info.id
    assert len(history.runs) == 25
    assert "History of" in (store.folder("20260930-000000-aaaa").path / "report.html").read_text()


def test_damaged_runs_are_left_out(store):
    (store.folder("20260905-000000-aaaa").path / "run.json").write_text("{")
    (store.folder("20260906-000000-aaaa").path / "comparison.json").write_text("{")

    assert len(scenario_history(store, "checkout").runs) == 28
