"""Requests made from the OpenAPI document, valid and invalid, against a running service on every database.

Schemathesis reports each answer that is a server error, is not documented, does not fit its schema, accepts what is
invalid or refuses what is valid.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = "10"


@pytest.fixture(params=["sqlite", "mongodb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "mongodb":
        return str(request.getfixturevalue("mongodb_url"))
    return f"sqlite:///{tmp_path}/api.db"


@pytest.mark.timeout(600)
def test_no_request_gets_an_answer_that_is_not_documented(start: Any, database_url: str, tmp_path: Path) -> None:
    live = start(database_url, PERF_API_ENABLE_FAULTS="true", PERF_API_CARRIER_LATENCY="0", PERF_API_DEADLINE="60")
    operations = httpx.get(f"{live.url}/openapi.json", timeout=30).json()["paths"].values()
    count = sum(len(methods) for methods in operations)
    options = ["--max-examples", EXAMPLES, "--seed", "1", "--no-shrink", "--continue-on-failure"]
    program = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION)]

    done = subprocess.run(
        [*program, "run", f"{live.url}/openapi.json", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stdout[-20_000:]
    assert f"Tested: {count}" in done.stdout
    assert "request.failed" not in live.lines()
    assert live.process.poll() is None
