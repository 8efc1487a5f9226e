"""A deployed release, reached over HTTP only; where it is comes from the environment.

PERF_TEST_API_URL           the reference service; without it its tests are left out
PERF_TEST_API_METRICS_URL   its metrics
PERF_TEST_EXPORTER_URL      the exporter
PERF_TEST_MASTER_URL        the Locust master, with PERF_MASTER_TOKEN; gets the JUnit file of these tests
PERF_PROMETHEUS_URL         a Prometheus that should scrape the release, with PERF_TEST_NAMESPACE
PERF_TEST_MONITORING_LABELS what the ServiceMonitors of the release carry, for the message when they are not found
PERF_API_WRITE_TOKEN        the service's, if it asks for one
PERF_TEST_WAIT              seconds to wait for each of them to answer (default 180)
"""

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

JUNIT = Path(tempfile.gettempdir()) / "functional-junit.xml"


def pytest_configure(config: pytest.Config) -> None:
    """Write a JUnit file, for the master."""
    if not config.option.xmlpath and os.environ.get("PERF_TEST_MASTER_URL"):
        config.option.xmlpath = str(JUNIT)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Hand the JUnit file to the master; a master that does not take it changes no outcome."""
    master, path = os.environ.get("PERF_TEST_MASTER_URL"), config.option.xmlpath
    if not master or not path or not Path(path).is_file():
        return
    headers = {
        "Authorization": f"Bearer {os.environ.get('PERF_MASTER_TOKEN', '')}",
        "Content-Type": "application/xml",
    }
    try:
        answer = httpx.put(f"{master}/perf/functional", content=Path(path).read_bytes(), headers=headers, timeout=30)
        said = f"the master keeps the JUnit file ({answer.status_code})" if answer.is_success else answer.text[:200]
    except httpx.HTTPError as cause:
        said = f"the master did not take the JUnit file: {cause}"
    sys.stdout.write(f"{said}\n")


def _url(name: str) -> str:
    url = os.environ.get(name)
    if not url:
        pytest.skip(f"{name} is not set: this release was deployed without it")
    return url.rstrip("/")


def _wait_until_answers(url: str) -> None:
    deadline = time.monotonic() + float(os.environ.get("PERF_TEST_WAIT", "180"))
    last = "nothing"
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(url, timeout=5)
            if answer.is_success:
                return
            last = f"{answer.status_code} {answer.text[:200]}"
        except httpx.HTTPError as cause:
            last = f"{type(cause).__name__} {cause}"
        time.sleep(1)
    pytest.fail(f"{url} did not become ready; the last answer was: {last}")


@pytest.fixture(scope="session")
def api() -> Iterator[httpx.Client]:
    """A client of the reference service, once it is ready."""
    url = _url("PERF_TEST_API_URL")
    _wait_until_answers(f"{url}/health/ready")
    token = os.environ.get("PERF_API_WRITE_TOKEN")
    with httpx.Client(
        base_url=url, timeout=15, headers={"Authorization": f"Bearer {token}"} if token else {}
    ) as client:
        yield client


@pytest.fixture(scope="session")
def api_metrics() -> Callable[[], str]:
    """Return the service's metrics as text, read anew at each call."""
    url = _url("PERF_TEST_API_METRICS_URL")
    return lambda: httpx.get(url, timeout=15).raise_for_status().text


@pytest.fixture(scope="session")
def exporter() -> str:
    """The exporter's address, once it answers."""
    url = _url("PERF_TEST_EXPORTER_URL")
    _wait_until_answers(f"{url}/healthz")
    return url


@pytest.fixture(scope="session")
def master() -> Iterator[httpx.Client]:
    """A client of the Locust master with the bearer token, once it answers."""
    url = _url("PERF_TEST_MASTER_URL")
    _wait_until_answers(f"{url}/perf/health")
    headers = {"Authorization": f"Bearer {os.environ.get('PERF_MASTER_TOKEN', '')}"}
    with httpx.Client(base_url=url, timeout=15, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def prometheus() -> str:
    """The address of the Prometheus that should see the release."""
    return _url("PERF_PROMETHEUS_URL")


@pytest.fixture
def sku() -> str:
    """A stock-keeping unit nobody else uses."""
    return f"functional-{uuid.uuid4().hex[:16]}"
