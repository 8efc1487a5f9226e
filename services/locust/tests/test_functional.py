"""The master keeps what the functional tests of a release found."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from perf_locust.functional import FILE, MAX_BYTES, functional_routes, read_outcome

JUNIT = b"""<testsuites><testsuite tests="4" failures="1" errors="1" skipped="1">
<testcase name="a"/><testcase name="b"><failure>no</failure></testcase>
<testcase name="c"><error>no</error></testcase><testcase name="d"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    app = Flask("test")
    app.register_blueprint(functional_routes(tmp_path))
    return app.test_client()


def test_the_counts_of_the_last_file_are_kept(client: FlaskClient, tmp_path: Path) -> None:
    assert client.get("/perf/functional").status_code == 404

    answer = client.put("/perf/functional", data=JUNIT)

    assert answer.get_json() == {"passed": 1, "failed": 2, "skipped": 1}
    kept = read_outcome(tmp_path)
    assert kept is not None
    assert (kept.passed, kept.failed, kept.skipped) == (1, 2, 1)
    assert kept.at == (tmp_path / FILE).stat().st_mtime
    assert client.get("/perf/functional").get_json()["failed"] == 2


@pytest.mark.parametrize("body", [b"", b"not xml", b"<a>"], ids=["empty", "text", "torn"])
def test_what_is_no_junit_file_is_refused_and_changes_nothing(
    client: FlaskClient, tmp_path: Path, body: bytes
) -> None:
    client.put("/perf/functional", data=JUNIT)

    answer = client.put("/perf/functional", data=body)

    assert answer.status_code in (413, 422)
    assert (tmp_path / FILE).read_bytes() == JUNIT


def test_a_huge_file_is_refused(client: FlaskClient) -> None:
    assert client.put("/perf/functional", data=b"<a/>" + b" " * MAX_BYTES).status_code == 413
