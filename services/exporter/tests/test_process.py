"""The exporter's process against masters that hang, drip, lie or refuse; its command line and its end."""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from exporter_process import clean_environment, running_exporter
from made_up import endpoint, snapshot
from odd_masters import drips, hangs, odd_master, says
from series import Series, names, value

GOOD = says("200 OK", snapshot(endpoint("/a", 5)).to_json().encode())
MARGIN = 10.0
"""Seconds beyond a timeout that a busy machine may take."""


def is_down(page: Series) -> bool:
    return value(page, "locust_up") == 0 and not any(
        name.startswith("locust_") for name in names(page) - {"locust_up"}
    )


@pytest.mark.parametrize("behaviour", [hangs, drips], ids=["hangs", "drips"])
def test_a_master_that_never_finishes_costs_the_timeout_and_no_more(behaviour) -> None:
    with odd_master(behaviour) as master, running_exporter("--master", master, "--timeout", "1s") as exporter:
        began = time.monotonic()
        page = exporter.page()

        assert is_down(page)
        assert time.monotonic() - began < 1 + MARGIN


def test_prometheus_own_shorter_timeout_is_kept() -> None:
    with odd_master(hangs) as master, running_exporter("--master", master, "--timeout", "10m") as exporter:
        began = time.monotonic()

        assert is_down(exporter.page(timeout=1))
        assert time.monotonic() - began < 1 + MARGIN


def test_health_is_the_process_own_and_never_waits_for_the_master() -> None:
    with odd_master(hangs) as master, running_exporter("--master", master, "--timeout", "3s") as exporter:
        done: list[Series] = []
        scrape = threading.Thread(target=lambda: done.append(exporter.page()))
        scrape.start()
        with urllib.request.urlopen(exporter.url.replace("/metrics", "/healthz"), timeout=10) as answer:
            assert answer.read() == b"ok\n"
        assert not done
        scrape.join(60)

    assert is_down(done[0])


def test_after_more_hung_scrapes_than_it_waits_for_it_answers_again() -> None:
    with (
        odd_master([*[hangs] * 20, GOOD]) as master,
        running_exporter("--master", master, "--timeout", "0.2s") as exporter,
    ):
        assert all(is_down(exporter.page()) for _ in range(20))
        page = exporter.wait_for(lambda page: value(page, "locust_up") == 1, "the master is seen again")

        assert value(page, "locust_requests_total", method="GET", name="/a") == 5


@pytest.mark.parametrize(
    "behaviour",
    [
        says("200 OK", b"<html>hello</html>"),
        says("200 OK", b'{"state": "running"}'),
        says("200 OK", b"[]"),
        says("500 Oops", b""),
        says("401 No", b"{}"),
        says("404 Not Found", b""),
        says("302 Found", b"", "Location: /login?next=%2Fstats%2Frequests\r\n"),
        says("302 Found", b"", "Location: http://elsewhere.example/login\r\n"),
        lambda connection, _: connection.sendall(b"\x00\x01nonsense\r\n\r\n"),
        lambda connection, _: connection.close(),
    ],
    ids=[
        "a page",
        "other json",
        "a list",
        "500",
        "401",
        "no Locust",
        "a login",
        "another place",
        "no http",
        "nothing",
    ],
)
def test_an_answer_that_is_no_reading_is_down_and_never_zeros(behaviour) -> None:
    with odd_master(behaviour) as master, running_exporter("--master", master) as exporter:
        assert is_down(exporter.page())


def test_a_master_with_many_endpoints_is_scraped_whole() -> None:
    many = snapshot(*(endpoint(f"/{number}", number + 1) for number in range(600)))
    answer = says("200 OK", many.to_json().encode())
    with odd_master(answer) as master, running_exporter("--master", master, "--max-endpoints", "500") as exporter:
        page = exporter.page()

        shown = [labels for name, labels in page if name == "locust_requests_total"]
        assert len(shown) == 501
        assert sum(count for (name, _), count in page.items() if name == "locust_requests_total") == 600 * 601 / 2
        assert value(page, "locust_series_folded_total") == sum(range(501, 601))


def test_the_token_goes_with_the_request_and_nowhere_else() -> None:
    seen: list[bytes] = []

    def listens(connection, request: bytes) -> None:
        seen.append(request)
        GOOD(connection, request)

    with odd_master(listens) as master, running_exporter("--master", master, PERF_MASTER_TOKEN="s3cret") as exporter:
        page = exporter.page()
        command = Path(f"/proc/{exporter.process.pid}/cmdline").read_bytes()

    assert value(page, "locust_up") == 1
    assert b"authorization: bearer s3cret" in seen[0].lower()
    assert b"s3cret" not in command


def test_the_master_of_the_open_run_is_found_by_its_folder(tmp_path: Path) -> None:
    with odd_master(GOOD) as master, running_exporter("--runs", str(tmp_path)) as exporter:
        assert is_down(exporter.page())
        folder = tmp_path / "20260101-000000-abcd"
        folder.mkdir()
        (folder / "master.json").write_text(json.dumps({"url": master, "token": "t", "pid": 1}))
        assert value(exporter.page(), "locust_up") == 1
        (folder / "master.json").unlink()
        assert is_down(exporter.page())


def test_a_proxy_of_the_environment_is_not_asked() -> None:
    environment = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "no_proxy": ""}
    with odd_master(GOOD) as master, running_exporter("--master", master, **environment) as exporter:
        assert value(exporter.page(), "locust_up") == 1


def test_sigterm_ends_it_at_once_and_well() -> None:
    with running_exporter("--master", "http://127.0.0.1:9") as exporter:
        exporter.process.send_signal(signal.SIGTERM)

        assert exporter.process.wait(10) == 0


@pytest.mark.parametrize("path", ["/metricsx", "/../etc/passwd", "/quitquitquit"])
def test_other_paths_do_nothing(path: str) -> None:
    with running_exporter("--master", "http://127.0.0.1:9") as exporter:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(exporter.url.replace("/metrics", path), timeout=20)

        assert refused.value.code == 404
        assert exporter.process.poll() is None


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "sentence"),
    [
        ((), {}, 2, "no master is named; add --master URL (PERF_MASTER_URL)"),
        (("--master", "localhost:8089"), {}, 2, "is not an http URL"),
        (("--master", "http://a", "--port", "99999"), {}, 2, "correct --port or PERF_EXPORTER_PORT"),
        (("--master", "http://a"), {"PERF_EXPORTER_PORT": "x"}, 2, "correct --port or PERF_EXPORTER_PORT"),
        (("--master", "http://a", "--keep", "soon"), {}, 2, "correct --keep or PERF_EXPORTER_KEEP"),
        (("--master", "http://a", "--max-endpoints", "0"), {}, 2, "at least 1"),
        (("--master", "http://a"), {"PERF_EXPORTER_COMPAT": "maybe"}, 2, "PERF_EXPORTER_COMPAT"),
        (("--master", "http://a", "--nonsense"), {}, 2, "unrecognized"),
    ],
    ids=["no master", "no scheme", "port", "port of the environment", "keep", "cap", "compat", "unknown flag"],
)
def test_wrong_settings_get_one_sentence(arguments, environment, code: int, sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "perf_exporter", *arguments],
        capture_output=True,
        text=True,
        env=clean_environment(**environment),
        check=False,
    )

    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_said_so() -> None:
    with odd_master(GOOD) as master:
        port = master.rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "perf_exporter", "--master", master, "--port", port],
            capture_output=True, text=True, env=clean_environment(), check=False,
        )  # fmt: skip

    assert done.returncode == 5
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_help_has_examples_and_every_variable() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "perf_exporter", "--help"], capture_output=True, text=True, check=True
    ).stdout

    assert "examples:" in told
    assert "perf-exporter --master http://" in told
    for name in ("PERF_MASTER_URL", "PERF_RUNS_DIR", "PERF_EXPORTER_PORT", "PERF_EXPORTER_KEEP", "PERF_MASTER_TOKEN"):
        assert name in told


def test_it_needs_neither_numpy_nor_scipy_nor_locust() -> None:
    code = "import sys, perf_exporter.__main__; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert not {"numpy", "scipy", "locust", "gevent", "jinja2", "msgpack", "flask"} & set(eval(loaded))
