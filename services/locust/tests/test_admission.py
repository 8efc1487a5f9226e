"""Who may use the web server: asked of real Locust masters, one on loopback and one that listens on every address."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from perf_core.ports import free_port

LOCUSTFILE = """
from locust import FastHttpUser, constant, task
class Plain(FastHttpUser):
    host = "http://127.0.0.1:9"
    wait_time = constant(1)
    @task
    def get(self): self.client.get("/")
"""
SECRETS = {"PERF_WEB_USER": "ann", "PERF_WEB_PASSWORD": "correct horse", "PERF_MASTER_TOKEN": "token-of-scripts"}
TOKEN = {"Authorization": "Bearer token-of-scripts"}
ELSEWHERE = {"Origin": "http://evil.example"}


def _master(folder: Path, host: str, environment: dict[str, str]) -> Iterator[tuple[str, Path]]:
    (folder / "plain.py").write_text(LOCUSTFILE)
    port = free_port()
    log = folder / "master.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "perf_locust", "-f", "plain.py", "--web-host", host, "--web-port", str(port)],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", **environment},
            stdout=out,
            stderr=out,
        )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            httpx.get(f"{url}/perf/health")
            break
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
    yield url, log
    process.terminate()
    process.wait(30)


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for url, _ in _master(tmp_path_factory.mktemp("open"), "0.0.0.0", SECRETS):
        yield url


@pytest.fixture(scope="module")
def on_loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for url, _ in _master(tmp_path_factory.mktemp("loopback"), "127.0.0.1", {}):
        yield url


@contextmanager
def _signed_in(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as client:
        form = {"user": "ann", "password": "correct horse", "next": "/stats/requests"}
        answer = client.post("/perf/login", data=form)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"] == "/stats/requests"
        yield client


@pytest.mark.parametrize(
    "path", ["/", "/stats/requests", "/swarm", "/stop", "/perf/run", "/perf/snapshot", "/exceptions"]
)
def test_a_server_for_everybody_asks_who_is_there_on_every_route(open_to_all: str, path: str) -> None:
    answer = httpx.request("POST" if path == "/swarm" else "GET", f"{open_to_all}{path}")

    assert answer.status_code == 401
    assert "/perf/login" in answer.json()["error"]


def test_a_browser_is_led_to_the_login_page_and_back(open_to_all: str) -> None:
    answer = httpx.get(f"{open_to_all}/stats/report?theme=dark", headers={"Accept": "text/html"})

    assert answer.status_code == 302
    page = httpx.get(f"{open_to_all}{answer.headers['Location']}")
    assert page.status_code == 200
    assert 'name="next" value="/stats/report?theme=dark"' in page.text


def test_health_needs_no_login(open_to_all: str) -> None:
    assert httpx.get(f"{open_to_all}/perf/health").json() == {"status": "ok"}


def test_a_session_reads_locusts_pages_and_ours(open_to_all: str) -> None:
    with _signed_in(open_to_all) as client:
        assert client.get("/").status_code == 200
        assert client.get("/perf/run").json()["state"] == "idle"


@pytest.mark.parametrize(("user", "password"), [("ann", "wrong"), ("bob", "correct horse"), ("", "")])
def test_wrong_credentials_stay_outside(open_to_all: str, user: str, password: str) -> None:
    with httpx.Client(base_url=open_to_all) as client:
        answer = client.post("/perf/login", data={"user": user, "password": password})

        assert answer.status_code == 401
        assert client.get("/stats/requests").status_code == 401


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", ""])
def test_the_way_back_never_leaves_the_server(open_to_all: str, target: str) -> None:
    answer = httpx.post(
        f"{open_to_all}/perf/login", data={"user": "ann", "password": "correct horse", "next": target}
    )

    assert answer.headers["Location"] == "/"


def test_signing_out_ends_the_session(open_to_all: str) -> None:
    with _signed_in(open_to_all) as client:
        client.post("/perf/logout")

        assert client.get("/perf/run").status_code == 401


def test_a_session_must_show_its_form_token_to_change_something_of_ours(open_to_all: str) -> None:
    with _signed_in(open_to_all) as client:
        answer = client.post("/perf/run/stop")

        assert answer.status_code == 403
        assert "load the page again" in answer.json()["error"]


def test_scripts_need_the_token_only(open_to_all: str) -> None:
    right = httpx.post(f"{open_to_all}/perf/run/stop", headers=TOKEN | ELSEWHERE)
    wrong = httpx.get(f"{open_to_all}/perf/run", headers={"Authorization": "Bearer guess"})

    assert (right.status_code, right.json()["error"]) == (409, "no run is on")
    assert wrong.status_code == 401


@pytest.mark.parametrize("path", ["/swarm", "/perf/run/start", "/user"])
def test_pages_of_another_origin_change_nothing(open_to_all: str, on_loopback: str, path: str) -> None:
    with _signed_in(open_to_all) as client:
        assert client.post(path, headers=ELSEWHERE).status_code == 403
    assert httpx.post(f"{on_loopback}{path}", headers=ELSEWHERE).status_code == 403


@pytest.mark.parametrize("path", ["/stop", "/stats/reset"])
def test_a_link_on_another_page_neither_stops_nor_resets(on_loopback: str, path: str) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert httpx.get(f"{on_loopback}{path}", headers=link).status_code == 403
    assert httpx.get(f"{on_loopback}/", headers=link).status_code == 200


def test_on_loopback_nobody_signs_in_and_curl_may_start(on_loopback: str) -> None:
    assert httpx.get(f"{on_loopback}/stats/requests").status_code == 200
    assert httpx.post(f"{on_loopback}/perf/run/stop").status_code == 409


def test_a_name_that_points_at_loopback_is_refused(on_loopback: str) -> None:
    answer = httpx.get(f"{on_loopback}/stats/requests", headers={"Host": "rebound.example"})

    assert answer.status_code == 403
    assert "127.0.0.1" in answer.json()["error"]


def test_without_a_password_one_is_made_and_said_once(tmp_path: Path) -> None:
    for url, log in _master(tmp_path, "0.0.0.0", {}):
        said = re.findall(r"web login: user perf, password (\S+) ", log.read_text())

        assert len(said) == 1
        assert httpx.post(f"{url}/perf/login", data={"user": "perf", "password": said[0]}).status_code == 302
