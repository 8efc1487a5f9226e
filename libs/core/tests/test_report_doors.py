"""Text, Markdown, JUnit and mail say what the comparison says."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from perf_core.model.verdict import Reason, Validity, Verdict
from perf_core.report import write_reports
from perf_core.report.email import build_message
from perf_core.report.junit import render_junit
from perf_core.report.summary import render_summary
from perf_core.report.text import render_text


def test_every_door_names_verdict_and_endpoint(judged):
    comparison, *_ = judged
    message = build_message(comparison, "<html></html>", "perf@example.org", ("a@example.org",))

    for text in (render_text(comparison), render_summary(comparison), render_junit(comparison), message["Subject"]):
        assert "REGRESSED checkout: GET /report p50 +30 %" in text


def test_a_regressed_endpoint_is_a_junit_failure_and_an_inconclusive_one_is_skipped(judged):
    comparison, *_ = judged
    first, second = comparison.endpoints
    unsure = replace(second, verdict=Verdict.INCONCLUSIVE, reasons=(Reason.NOISE,))

    suite = ET.fromstring(render_junit(replace(comparison, endpoints=(first, unsure)))).find("testsuite")

    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "2", "1")


def test_an_invalid_run_is_a_junit_error_and_never_headlined_as_its_verdict(judged):
    comparison = replace(judged[0], validity=Validity.INVALID)

    assert ET.fromstring(render_junit(comparison)).get("errors") == "1"
    assert render_text(comparison).startswith("▲ INVALID checkout")


def test_a_table_cell_cannot_break_out_of_the_markdown_table(judged):
    comparison, *_ = judged
    hostile = replace(comparison.endpoints[0], key=replace(comparison.endpoints[0].key, name="/a|b\n<img>`@all"))

    line = next(row for row in render_summary(replace(comparison, endpoints=(hostile,))).splitlines() if "/a" in row)

    assert "<img>" not in line
    assert "@" not in line


@pytest.mark.parametrize(
    ("limit", "name"),
    [
        pytest.param(10_000, "report-20260921-101500-ab12.html", id="small"),
        pytest.param(1_000, "report-20260921-101500-ab12.html.gz", id="large, packs well"),
    ],
)
def test_the_report_is_attached(judged, limit, name):
    message = build_message(judged[0], "x" * 5_000, "p@example.org", ("a@example.org",), attachment_limit=limit)

    assert [part.get_filename() for part in message.iter_attachments()] == [name]


def test_a_report_above_the_limit_is_left_out_and_the_mail_says_so(judged):
    message = build_message(judged[0], "x" * 5_000, "p@example.org", ("a@example.org",), attachment_limit=5)

    assert not list(message.iter_attachments())
    assert "too large to attach (5.0 kB)" in message.get_body(("plain",)).get_content()
    assert "<script" not in message.get_body(("html",)).get_content()


def test_a_run_keeps_its_message_id(judged):
    ids = {build_message(judged[0], None, "p@example.org", ("a@example.org",))["Message-ID"] for _ in range(2)}

    assert ids == {"<20260921-101500-ab12@perf-platform.example.org>"}


def test_the_files_of_a_comparison_land_in_the_folder(judged, tmp_path):
    files = write_reports(tmp_path, *judged)

    assert sorted(files) == ["comparison.json", "junit.xml", "report.html", "summary.md"]
    assert {path.name for path in tmp_path.iterdir()} == set(files)
