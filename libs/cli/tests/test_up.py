"""`perf-platform up`: the addresses it prints, runs started from the web UI, and its end."""

import json
import re
import signal
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def post(url: str, **form: object) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def wait_for_run(command, state: str) -> dict:
    deadline = time.monotonic() + 90
    while True:
        runs = command.runs()
        if runs and runs[0]["state"] == state:
            return runs[0]
        assert time.monotonic() < deadline, command.output()
        time.sleep(0.5)


def test_runs_started_from_the_web_ui_are_recorded_judged_and_reported(command) -> None:
    process = command.start("up")
    output = command.wait_for("Ctrl-C ends everything")
    urls = dict(re.findall(r"^([A-Z][\w ]+?)  (\S+)$", output, re.MULTILINE))

    assert {"Locust UI", "API docs", "API metrics", "Reports"} <= set(urls)
    assert urls["Reports"] == str(command.folder / "runs")
    for name, url in urls.items():
        assert name == "Reports" or get(url)[0] == 200, (name, url)
    locust = urls["Locust UI"]

    wait_until_ready(locust)
    status, answer = post(f"{locust}/swarm", user_count=4, spawn_rate=4)
    assert (status, json.loads(answer)["success"]) == (200, True)
    first = wait_for_run(command, "running")

    second_start = post(f"{locust}/swarm", user_count=2, spawn_rate=2)
    assert second_start[0] == 409
    assert first["id"] in second_start[1]
    time.sleep(3)
    during = get(f"{locust}/stats/report?download=1")[1]
    assert "not finished" in during
    assert first["id"] in during

    assert post(f"{locust}/stop")[0] == 200
    finished = wait_for_run(command, "finished")
    assert (finished["id"], finished["scenario"], finished["verdict"]) == (first["id"], "workload", None)
    assert finished["requests"] > 20
    assert (command.folder / "runs" / first["id"] / "report.html").exists()
    after = get(f"{locust}/stats/report?download=1")[1]
    assert "not finished" not in after
    assert first["id"] in after

    assert command("baseline", "set", first["id"], "--force").returncode == 0
    wait_until_ready(locust)
    post(f"{locust}/swarm", user_count=4, spawn_rate=4)
    wait_for_run(command, "running")
    time.sleep(3)
    unfinished = get(f"{locust}/stats/report")[1]
    assert "not finished" in unfinished
    assert "/v1/items/{id}/delivery-quote" in own_section(unfinished)
    post(f"{locust}/stop")
    judged = wait_for_run(command, "finished")
    assert judged["baseline"] == first["id"]
    assert judged["verdict"] in {"UNCHANGED", "IMPROVED", "REGRESSED", "INCONCLUSIVE"}
    downloaded = own_section(get(f"{locust}/stats/report?theme=dark")[1])
    stored = own_section((command.folder / "runs" / judged["id"] / "report.html").read_text())
    assert "History of" in stored
    assert downloaded == stored.replace('data-theme="auto"', 'data-theme="dark"')

    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0, command.output()
    assert command.descendants() == []


def own_section(page: str) -> str:
    """Return our part of a Locust page, which comes before Locust's own script with the same names in it."""
    found = re.search(r'<section class="pf-report".*?</section>', page, re.DOTALL)
    assert found
    return found[0]


def wait_until_ready(locust: str) -> None:
    deadline = time.monotonic() + 60
    while not json.loads(get(f"{locust}/perf/run")[1])["ready"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_taken_port_is_one_sentence(command) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = str(listener.getsockname()[1])

        done = command("up", "--web-port", port)

    assert done.returncode == 5
    assert f"port {port} is taken; end what listens there, or choose another with --web-port" in done.stderr
    assert "Traceback" not in done.stderr
    assert command.descendants() == []


@pytest.mark.parametrize("workers", ["0", "many"])
def test_up_without_workers_is_wrong_usage(command, workers: str) -> None:
    done = command("up", "--workers", workers)

    assert done.returncode == 2
    assert "give a whole number of at least 1" in done.stderr
