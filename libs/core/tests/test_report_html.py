"""The HTML report: Locust's page with our section first, whatever comes from outside."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from perf_core.errors import ReportError
from perf_core.model.endpoint import EndpointKey
from perf_core.model.notable import NotableRequest
from perf_core.model.run import RunInfo
from perf_core.model.series import ErrorCount, Recording
from perf_core.model.verdict import RunState
from perf_core.report import html, write_reports
from perf_core.report.html import render_html, render_section, render_unfinished_section
from perf_core.report.page import insert_section

HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=alert(1)>\u2028\u202eevil\x00" + "A" * 10_000


def test_the_section_stands_before_locusts_own_page(judged):
    comparison, current, baseline = judged

    page = render_html(comparison, current, baseline)

    assert page.index("REGRESSED checkout: GET /report") < page.rindex('<div id="root">')
    assert page.rindex('<div id="root">') < page.rindex("window.templateArgs = ")


def test_hostile_names_and_errors_are_escaped_and_bounded(make_recording, make_comparison):
    errors = {HOSTILE: tuple(ErrorCount("http_500", f"{HOSTILE[:9000]}{at}", 1) for at in range(5000))}
    current = make_recording("c", (HOSTILE,), errors=errors, target=HOSTILE, scenario=HOSTILE)
    baseline = make_recording("b", (HOSTILE,))

    page = render_html(make_comparison(current, baseline), current, baseline)

    assert "<script>window.pwned" not in page
    assert "<img src=x" not in page
    assert not {"\x00", "\u2028", "\u202e"} & set(page[page.rindex("<body>") :])
    assert len(page) < 1_300_000


@pytest.mark.parametrize("count", [200, 700])
def test_many_endpoints_with_all_that_can_be_said_stay_below_three_megabytes(make_recording, make_comparison, count):
    names = tuple(f"/api/v1/resource{at}/{{id}}" for at in range(count))
    baseline, current = make_recording("b", names[:200]), make_recording("c", names[:200])
    notables = tuple(
        NotableRequest(EndpointKey("GET", "/x"), "", 1.79e9 + at, 0.1, 200, "0123456789abcdef" * 4)
        for at in range(20)
    )
    told = {key: replace(series, notables=notables) for key, series in current.endpoints.items()}
    current = replace(current, endpoints=told)
    comparison = make_comparison(current, baseline)
    many = (comparison.endpoints * (count // 200 + 1))[:count]

    page = render_html(replace(comparison, endpoints=many), current, baseline)

    assert len(page.encode()) < 3_000_000
    assert ("more endpoints are not listed" in page) is (count > 400)
    assert "Where to look next" in page


def test_a_page_without_locust_is_our_section_alone(judged, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    page = render_html(*judged)

    assert page.startswith("<!DOCTYPE html>")
    assert "templateArgs" not in page
    assert "GET /report" in page


def test_inserting_twice_leaves_one_section():
    page = '<html><body><div id="root"></div></body></html>'

    twice = insert_section(insert_section(page, "<p>first</p>"), "<p>second</p>")

    assert twice.count("<p>") == 1
    assert "second" in twice


def test_the_section_takes_the_theme_of_the_page(judged):
    page = '<body><div id="root"></div><script>window.theme = "dark"</script></body>'

    assert 'data-theme="dark"' in insert_section(page, render_section(*judged))


def test_a_page_without_a_body_is_refused():
    with pytest.raises(ReportError, match="no body"):
        insert_section("plain text", "<p></p>")


def test_a_running_run_shows_the_baseline_and_that_it_is_not_finished(judged):
    _, current, baseline = judged
    running = replace(current, info=replace(current.info, state=RunState.RUNNING, ended=None))

    section = render_unfinished_section(running, baseline)

    assert "RUN NOT FINISHED" in section
    assert "GET /report" in section


def test_a_run_without_a_request_renders(make_comparison):
    empty = Recording(RunInfo("c", "checkout", "http://127.0.0.1:1", state=RunState.FINISHED))

    page = render_html(make_comparison(empty), empty, None)

    assert "No endpoint was called" in page


def test_a_part_that_cannot_be_drawn_is_told_and_the_rest_is_there(judged, monkeypatch):
    monkeypatch.setattr("perf_core.report.context.cumulative_chart", lambda *_: {}["gone"])
    monkeypatch.setattr("perf_core.report.context.error_table", lambda *_: {}["gone too"])

    page = render_html(*judged)

    assert "Not shown: GET /report (KeyError: &#39;gone&#39;)" in page
    assert "Not shown: errors (KeyError: &#39;gone too&#39;)" in page
    assert "Response times per endpoint" in page


@pytest.mark.parametrize("broken", ["{{ nonsense", "{{ report.unheard_of }}"])
def test_a_template_problem_costs_neither_the_other_files_nor_a_page_with_the_verdict(
    judged, monkeypatch, tmp_path, broken
):
    templates = tmp_path / "templates"
    shutil.copytree(Path(html.__file__).parent / "templates", templates)
    (templates / "section.html").write_text(broken)
    monkeypatch.setattr(html, "_TEMPLATES", templates)

    with pytest.raises(ReportError, match=r"section.html cannot be rendered"):
        write_reports(tmp_path / "run", *judged)

    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "comparison.json",
        "junit.xml",
        "summary.md",
        "report.html",
    }
    page = (tmp_path / "run" / "report.html").read_text()
    assert "section.html cannot be rendered" in page
    assert "REGRESSED checkout: GET /report p50 +30 %" in page
