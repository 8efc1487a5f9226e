"""Text, Markdown, JUnit and mail say what the comparison says."""

import email
import email.policy
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from perf_core.compare.document import from_document
from perf_core.compare.exit_code import exit_code
from perf_core.compare.schema import FILE, schema_text
from perf_core.errors import UsageError
from perf_core.model.series import ErrorCount
from perf_core.model.verdict import Reason, Validity, Verdict
from perf_core.report import write_reports
from perf_core.report.email import build_message
from perf_core.report.junit import render_junit
from perf_core.report.links import run_links
from perf_core.report.rows import shift_row
from perf_core.report.slack import build_payload
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


SITUATIONS = [
    pytest.param({}, 3, id="regressed"),
    pytest.param({"verdict": Verdict.IMPROVED, "reasons": (Reason.LATENCY,)}, 0, id="improved"),
    pytest.param({"verdict": Verdict.UNCHANGED, "reasons": (), "endpoints": ()}, 0, id="unchanged"),
    pytest.param({"verdict": Verdict.INCONCLUSIVE, "reasons": (Reason.NOISE,)}, 0, id="noise"),
    pytest.param({"verdict": Verdict.INCONCLUSIVE, "reasons": (Reason.NO_DATA,)}, 4, id="no data"),
    pytest.param({"verdict": Verdict.UNCHANGED, "broken_thresholds": ("p95 < 1 ms",)}, 3, id="threshold broken"),
    pytest.param({"verdict": None, "baseline": None, "reasons": ()}, 0, id="nothing to compare with"),
    pytest.param({"validity": Validity.INVALID}, 6, id="invalid"),
]


@pytest.mark.parametrize(("changes", "code"), SITUATIONS)
def test_every_door_tells_the_same_judgement(judged, tmp_path, changes, code):
    comparison, current, baseline = replace(judged[0], **changes), *judged[1:]
    info = replace(current.info, validity=comparison.validity, events=())
    write_reports(tmp_path, comparison, replace(current, info=info), baseline if comparison.baseline else None)
    document = json.loads((tmp_path / "comparison.json").read_text())
    run = ET.parse(tmp_path / "junit.xml").find("testsuite")
    assert run is not None
    verdict = "INVALID" if code == 6 else str(comparison.verdict or "NOT COMPARED")
    line = f"{verdict} checkout"
    mail = build_message(comparison, None, "p@example.org", ("a@example.org",))

    jsonschema.validate(document, json.loads(FILE.read_text()))
    assert from_document(document) == comparison
    assert exit_code(info, from_document(document)) == code
    for told in (
        render_text(comparison),
        (tmp_path / "summary.md").read_text(),
        (tmp_path / "report.html").read_text().rpartition('<div id="root">')[0],
        str(mail["Subject"]),
        str(mail.get_body(("plain",)).get_content()),
        str(mail.get_body(("html",)).get_content()),
        str(build_payload(comparison, ())["text"]),
    ):
        assert line in told
    failed = int(run.get("failures", 0)) + int(run.get("errors", 0)) > 0
    assert failed is (code in {3, 6} or any(each.verdict is Verdict.REGRESSED for each in comparison.endpoints))


def test_the_published_schema_is_that_of_the_code():
    assert FILE.read_text() == schema_text(), f"write it: python -m perf_core.compare.schema > {FILE.name}"


def test_report_and_mail_link_to_the_report_and_the_exact_time(judged, tmp_path):
    comparison, current, baseline = judged
    links = run_links(
        current.info,
        {"PERF_PUBLIC_URL": "https://perf.example.org/", "PERF_GRAFANA_URL": "https://grafana.example.org"},
    )
    grafana = (
        "https://grafana.example.org/d/perf-live?from=1789999970000&to=1790000090000&var-run=20260921-101500-ab12"
    )

    write_reports(tmp_path, comparison, current, baseline, links)
    mail = build_message(comparison, "x" * 50, "p@example.org", ("a@example.org",), links=links, attachment_limit=5)

    assert [link.url for link in links] == [
        "https://perf.example.org/perf/runs/20260921-101500-ab12/report",
        grafana,
    ]
    assert grafana.replace("&", "&amp;") in (tmp_path / "report.html").read_text()
    assert grafana in mail.get_body(("plain",)).get_content()
    assert "read it by the link below" in mail.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "grafana", "https://", "https://a b", "file:///etc/passwd"]
)
def test_an_address_that_is_none_is_refused(judged, address):
    with pytest.raises(UsageError, match="PERF_GRAFANA_URL"):
        run_links(judged[1].info, {"PERF_GRAFANA_URL": address})


def test_a_dashboard_of_ones_own_is_linked(judged):
    (link,) = run_links(judged[1].info, {"PERF_GRAFANA_URL": "https://g.example.org/d/mine/x?orgId=1"})

    assert link.url.startswith("https://g.example.org/d/mine/x?orgId=1&from=")


HOSTILE_NAMES = (
    "</testcase>]]><x/>",
    "a\x00b\x1b[31m\ud800\ufffe\u202e",
    "|`*_[x](javascript:1)<img src=x>\n\n# h",
    "x" * 10_000,
    "\u0645\u0631\u062d\u0628\u0627 \u4e16\u754c \U0001f600",
)


def test_hostile_names_and_texts_break_no_door(make_recording, make_comparison, tmp_path):
    errors = {HOSTILE_NAMES[0]: tuple(ErrorCount("c\x00", f"{name}{at}", 1) for at, name in enumerate(HOSTILE_NAMES))}
    current = make_recording("c", HOSTILE_NAMES, errors=errors, target=HOSTILE_NAMES[1], scenario=HOSTILE_NAMES[2])
    baseline = make_recording("b", HOSTILE_NAMES)
    comparison = make_comparison(current, baseline, explanation=HOSTILE_NAMES[1], warnings=HOSTILE_NAMES)

    write_reports(tmp_path, comparison, current, baseline)
    mail = build_message(comparison, "x", "p@example.org", ("a@example.org",))
    message = email.message_from_bytes(mail.as_bytes(policy=email.policy.SMTP), policy=email.policy.default)

    cases = ET.parse(tmp_path / "junit.xml").findall(".//testcase")
    assert len(cases) == 1 + len(HOSTILE_NAMES)
    assert len(json.loads((tmp_path / "comparison.json").read_text())["endpoints"]) == len(HOSTILE_NAMES)
    assert message.get_body(("html",)) is not None
    assert "\n" not in str(message["Subject"])
    for told in (render_text(comparison), (tmp_path / "summary.md").read_text(), str(build_payload(comparison, ()))):
        assert not {"\x00", "\x1b", "\u202e"} & set(told)
        assert "<img" not in (tmp_path / "summary.md").read_text()
        assert len(told) < 60_000


def test_the_report_says_what_beside_the_run_could_not_be_read(judged, tmp_path):
    comparison, current, baseline = judged
    folder = tmp_path / current.info.id
    folder.mkdir()
    (folder / "target.json").write_text("{")

    write_reports(folder, comparison, current, baseline)

    report = (folder / "report.html").read_text()
    assert "Not shown: the target (" in report
    assert "Response times per endpoint" in report


def test_figures_of_one_quantile_in_several_stages_are_told_apart(judged):
    comparison, _, _ = judged
    (first, *_), *_ = (endpoint.shifts for endpoint in comparison.endpoints if endpoint.shifts)

    rows = [shift_row(first).quantile, shift_row(replace(first, stage="pacing 1 s -> <b>")).quantile]

    assert rows == ["p50", "p50, pacing 1 s -> <b>"]
