"""A locustfile that does not load, where processes that end are started again: a real master and worker stay up."""

from typing import Any

import httpx


def test_a_broken_locustfile_fails_the_run_and_not_the_processes(locusts: Any) -> None:
    locusts.environment["PERF_STAND_IN"] = "true"
    web = locusts.free_port()
    url = f"http://127.0.0.1:{web}"
    said = "the locustfile does not load: SyntaxError: invalid syntax (plain.py, line 1); correct it"

    (locusts.folder / "plain.py").write_text("class Plain(:\n")
    address = ("--web-host", "127.0.0.1", "--web-port", str(web), "-H", "http://127.0.0.1:9")
    processes = [locusts.master(*address)]
    locusts.eventually(lambda: said in locusts.log(), "the sentence in the master's log")
    (locusts.folder / "plain.py").write_text("no_user_class = True\n")
    processes.append(locusts.worker(0))
    locusts.eventually(lambda: _workers(url) == 1, "a worker")
    by_script = httpx.post(f"{url}/perf/run/start", json={"users": 1})
    by_hand = httpx.post(f"{url}/swarm", data={"user_count": "1", "spawn_rate": "1", "host": "http://127.0.0.1:9"})

    assert (by_script.status_code, by_script.json()["error"]) == (422, said)
    assert by_hand.json()["success"] is False
    assert by_hand.json()["message"] == said
    assert "no run is started: the locustfile does not load" in locusts.log()
    assert "No User class found!" in locusts.log("worker-0")
    assert all(process.poll() is None for process in processes)
    assert not list((locusts.folder / "runs").glob("*/run.json"))


def test_elsewhere_a_broken_locustfile_ends_the_process(locusts: Any) -> None:
    (locusts.folder / "plain.py").write_text("class Plain(:\n")

    assert locusts.master("--headless", "-H", "http://127.0.0.1:9").wait(60) == 5
    assert "the locustfile does not load" in locusts.log()


def _workers(url: str) -> int:
    try:
        return int(httpx.get(f"{url}/perf/run").json()["workers"])
    except (httpx.TransportError, ValueError):
        return 0
