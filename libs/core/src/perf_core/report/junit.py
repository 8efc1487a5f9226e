"""The comparison as JUnit XML: one test case per endpoint, so that any CI shows the verdicts as tests.

REGRESSED is a failure, INCONCLUSIVE is skipped (a CI that counts it as passed would hide that nothing was shown), an
INVALID run is an error of the run's own case.
"""

from xml.etree import ElementTree as ET

from perf_core.compare.comparison import EndpointComparison, RunComparison
from perf_core.model.verdict import Validity, Verdict
from perf_core.report.outside import printable, printable_name
from perf_core.report.words import change_of, headline, reasons_text, verdict_word


def render_junit(comparison: RunComparison) -> str:
    """Return the XML: a case for the run's verdict, then one per endpoint."""
    scenario = printable_name(comparison.current.scenario)
    suite = ET.Element("testsuite", {"name": f"perf-platform {scenario}"})
    _add_properties(suite, comparison)
    _add_run_case(suite, comparison, scenario)
    for endpoint in comparison.endpoints:
        _add_endpoint_case(suite, endpoint, scenario)
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    root = ET.Element("testsuites", {key: suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")})
    root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_properties(suite: ET.Element, comparison: RunComparison) -> None:
    values = {
        "verdict": verdict_word(comparison.verdict),
        "validity": comparison.validity.value,
        "current": comparison.current.id,
        "baseline": comparison.baseline.id if comparison.baseline else "",
    }
    properties = ET.SubElement(suite, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", {"name": name, "value": value})


def _add_run_case(suite: ET.Element, comparison: RunComparison, scenario: str) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": scenario, "name": "run"})
    message = {"message": headline(comparison), "type": verdict_word(comparison.verdict)}
    detail = "\n".join(map(printable, (comparison.explanation, *comparison.broken_thresholds, *comparison.warnings)))
    if comparison.validity is Validity.INVALID:
        ET.SubElement(case, "error", message | {"type": "INVALID"}).text = detail
    elif comparison.verdict is Verdict.REGRESSED or comparison.broken_thresholds:
        ET.SubElement(case, "failure", message).text = detail
    elif comparison.verdict is Verdict.INCONCLUSIVE:
        ET.SubElement(case, "skipped", message).text = detail
    else:
        ET.SubElement(case, "system-out").text = detail


def _add_endpoint_case(suite: ET.Element, endpoint: EndpointComparison, scenario: str) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": scenario, "name": printable_name(str(endpoint.key))})
    detail = "\n".join(map(printable, (endpoint.explanation, *endpoint.notes)))
    if endpoint.verdict is Verdict.REGRESSED:
        ET.SubElement(case, "failure", {"message": change_of(endpoint), "type": "REGRESSED"}).text = detail
    elif endpoint.verdict is Verdict.INCONCLUSIVE:
        message = reasons_text(endpoint.reasons) or "inconclusive"
        ET.SubElement(case, "skipped", {"message": message, "type": "INCONCLUSIVE"}).text = detail
    else:
        ET.SubElement(case, "system-out").text = detail
