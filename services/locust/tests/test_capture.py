"""Real masters and workers against a server that counts for itself: served = recorded, whatever dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perf_core.model.verdict import RunState, Validity
from perf_core.runstore import RunStore

LONG = 90.0
"""Seconds that the end of a run may take on a busy machine; nothing here depends on speed."""
USERS = 10


def reasons(locusts) -> str:
    return " ".join(locusts.recording().info.validity_reasons)


def open_run(locusts) -> Path:
    """The folder of the run that is on, once its master has frames on disk."""
    runs = locusts.folder / "runs"
    locusts.eventually(lambda: any(runs.glob("2*/frames.log")), "the first frame on disk")
    return next(runs.glob("2*/frames.log")).parent


def spools(locusts) -> list[Path]:
    return sorted((locusts.folder / "runs" / ".spool").glob("*/*.spool"))


def test_a_run_of_two_workers_keeps_every_request(server, locusts) -> None:
    master, *_ = locusts.distributed(server, 5)

    assert master.wait(LONG) == 0, locusts.log()
    recording = locusts.recording()

    assert recording.requests == server.served() > 100
    assert recording.info.state is RunState.FINISHED
    assert recording.info.validity is Validity.VALID, recording.info.validity_reasons
    read = {gauge.source.partition(":")[0] for gauge in recording.gauges if gauge.name == "host_cpu_ratio"}
    assert len(read) == 3, "two workers and the master"
    folder = locusts.folder / "runs" / recording.info.id
    assert (folder / "report.html").stat().st_size > 100_000
    assert not (folder / "master.json").exists()
    locusts.eventually(lambda: not spools(locusts), "the workers to remove their spools")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_to_the_master_still_gives_a_whole_run_and_its_report(
    number: signal.Signals, server, locusts
) -> None:
    master, *_ = locusts.distributed(server, 300)
    server.wait_for(200)
    master.send_signal(number)

    assert master.wait(LONG) == 0, locusts.log()
    recording = locusts.recording()

    assert recording.requests == server.served() > 100
    assert (locusts.folder / "runs" / recording.info.id / "report.html").exists()


def test_workers_that_come_and_go_are_events_and_the_run_stays_valid(server, locusts) -> None:
    master, first, _ = locusts.distributed(server, 40)
    server.wait_for(200)
    locusts.worker(2)
    locusts.eventually(lambda: "worker_joined" in locusts.log(), "the third worker")
    server.wait_for(300)
    first.send_signal(signal.SIGTERM)

    assert first.wait(LONG) == 0, locusts.log("worker-0")
    assert master.wait(LONG) == 0, locusts.log()
    recording = locusts.recording()
    kinds = [event.kind for event in recording.info.events]
    users = {gauge.source: gauge.values.max() for gauge in recording.gauges if gauge.name == "users"}

    assert recording.requests == server.served()
    assert recording.info.validity is Validity.VALID, recording.info.validity_reasons
    assert kinds == ["worker_joined", "worker_left"]
    assert all(most >= USERS // 3 for most in users.values()), "the worker that joined got its share"
    assert recording.info.unsettled
    for interval in recording.info.unsettled:
        assert interval.end - interval.start < 12


@pytest.mark.parametrize("spool", ["kept", "gone"])
def test_a_killed_worker_costs_what_was_in_flight_and_the_exit_code_is_4(spool: str, server, locusts) -> None:
    master, first, _ = locusts.distributed(server, 12)
    server.wait_for(300)
    before = set(spools(locusts))
    first.kill()
    first.wait()
    if spool == "gone":
        (dead,) = [path for path in before if not _locked(path)]
        dead.unlink()

    assert master.wait(LONG) == 4, locusts.log()
    recording = locusts.recording()
    lost = server.served() - recording.requests

    assert recording.info.validity is Validity.SUSPECT
    if spool == "kept":
        assert 0 <= lost <= USERS // 2
        assert "its spool was recovered: at most 5 requests that it had in flight" in reasons(locusts)
    else:
        assert 0 <= lost <= USERS // 2 + recording.info.lost_requests
        assert "one second of its requests" in reasons(locusts)


def test_a_killed_master_is_restarted_and_takes_its_workers_back(server, locusts) -> None:
    master, *workers = locusts.distributed(server, 300)
    server.wait_for(300)
    run = open_run(locusts).name
    master.kill()
    master.wait()
    web = str(locusts.free_port())
    locusts.master("--web-host", "127.0.0.1", "--web-port", web, "-H", server.url, name="second")
    store = RunStore(locusts.folder / "runs")
    locusts.eventually(lambda: store.folder(run).read_info().state is RunState.INTERRUPTED, "the run to be closed")
    locusts.eventually((store.folder(run).path / "report.html").exists, "its report")
    locusts.eventually(lambda: _idle(server), "the workers to stop")

    assert store.load(run).requests == server.served() > 100
    assert [each.id for each in store.list()] == [run], "no run is started by itself"
    assert all(worker.poll() is None for worker in workers)
    assert "the master ended before the run did" in reasons(locusts)

    served = server.served()
    started = _post(f"http://127.0.0.1:{web}/perf/run/start", {"users": USERS, "spawn_rate": 10, "run_time": 3})
    locusts.eventually(lambda: store.folder(started).read_info().state is RunState.FINISHED, "the next run")

    assert store.load(started).requests == server.served() - served > 20


def test_workers_without_a_master_stop_their_users_and_repair_brings_in_the_rest(server, locusts) -> None:
    locusts.environment["PERF_PAUSE_SECONDS"] = "2"
    master, *workers = locusts.distributed(server, 300)
    server.wait_for(300)
    master.kill()
    locusts.eventually(
        lambda: "users are stopped" in locusts.log("worker-0") + locusts.log("worker-1"), "the pause", 60
    )
    locusts.eventually(lambda: _idle(server), "the workers to stop")
    for worker in workers:
        worker.kill()
        worker.wait()

    first, second = _repair(locusts.folder), _repair(locusts.folder)

    recording = locusts.recording()
    assert recording.requests == server.served()
    assert recording.info.state is RunState.INTERRUPTED
    assert "requests" in first
    assert "nothing" in second
    assert not spools(locusts)


@pytest.mark.parametrize("seconds", [5, 30])
def test_a_link_that_is_cut_costs_nothing(seconds: int, server, locusts) -> None:
    proxy = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "tcp_proxy.py"), str(free := locusts.free_port())],
        stdin=subprocess.PIPE,
        env={"TARGET": str(locusts.port)},
    )
    try:
        master, *_ = locusts.distributed(server, seconds + 25, port=free)
        server.wait_for(200)
        proxy.send_signal(signal.SIGUSR1)
        time.sleep(seconds)
        proxy.send_signal(signal.SIGUSR2)

        master.wait(2 * LONG)
    finally:
        proxy.kill()
        proxy.wait()
    recording = locusts.recording()

    assert recording.requests == server.served() > 300, locusts.log()
    assert recording.missing_frames == 0
    assert "worker_lost" not in [event.kind for event in recording.info.events]


def test_two_runs_in_one_process_are_two_runs(server, locusts) -> None:
    web = str(locusts.free_port())
    locusts.master("--web-host", "127.0.0.1", "--web-port", web, "-H", server.url)
    locusts.worker(0)
    store, counted = RunStore(locusts.folder / "runs"), []
    for _ in range(2):
        locusts.eventually(lambda: _get(f"http://127.0.0.1:{web}/perf/run").get("ready") is True, "the master")
        served = server.served()
        run = _post(f"http://127.0.0.1:{web}/perf/run/start", {"users": 5, "spawn_rate": 10, "run_time": 3})
        locusts.eventually(lambda run=run: store.folder(run).read_info().state is RunState.FINISHED, "the run")
        counted.append((store.load(run).requests, server.served() - served))

    assert counted[0][0] == counted[0][1] > 20
    assert counted[1][0] == counted[1][1] > 20


def test_a_ramp_up_that_is_cut_short_starts_no_user_after_the_end(server, locusts) -> None:
    load = ["--headless", "-H", server.url, "-u", "200", "-r", "2", "-t", "6s"]
    master = locusts.master(*load, "--expect-workers", "1")
    locusts.worker(0)

    assert master.wait(LONG) == 0, locusts.log()
    assert locusts.recording().requests == server.served() > 20
    assert "of 200 users were started" in reasons(locusts)


FRAIL = """
import itertools
from locust import FastHttpUser, constant, task
born = itertools.count()
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    def on_start(self):
        if next(born) % 2:
            raise RuntimeError("no login for this one")
    @task
    def fast(self): self.client.get("/fast")
"""


@pytest.mark.parametrize("arguments", [(), ("--processes", "2")], ids=["one process", "--processes 2"])
def test_users_that_die_in_on_start_make_a_run_suspect(arguments: tuple[str, ...], server, locusts) -> None:
    (locusts.folder / "plain.py").write_text(FRAIL)
    single = locusts.start("master", *arguments, "--headless", "-H", server.url, "-u", "10", "-r", "10", "-t", "8s")

    assert single.wait(LONG) == 0, locusts.log()
    assert "of the users of a worker had ended by themselves in" in reasons(locusts)
    assert locusts.recording().info.validity is Validity.SUSPECT


STUCK = """
import itertools
from locust import FastHttpUser, constant, task
born = itertools.count()
class Plain(FastHttpUser):
    wait_time = constant(0.05)
    def on_start(self): self.path = "/stuck" if next(born) % 2 else "/fast"
    @task
    def ask(self): self.client.get(self.path)
"""


@pytest.mark.parametrize("arguments", [(), ("--processes", "2")], ids=["one process", "--processes 2"])
def test_users_still_at_work_when_the_stop_timeout_ends_are_told(arguments: tuple[str, ...], server, locusts) -> None:
    (locusts.folder / "plain.py").write_text(STUCK)
    load = ["--headless", "-H", server.url, "-u", "8", "-r", "8", "-t", "4s", "--stop-timeout", "1"]
    single = locusts.start("master", *arguments, *load, "--master-bind-port", str(locusts.port), "--master-port",
                           str(locusts.port))  # fmt: skip

    assert single.wait(LONG) == 0, locusts.log()
    recording = locusts.recording()
    told = [int(event.text.split()[0]) for event in recording.info.events if event.kind == "cut_off"]
    assert sum(told) == 4
    assert recording.requests == server.served() - 4
    assert recording.info.validity is Validity.VALID


@pytest.mark.parametrize("arguments", [(), ("--processes", "2")], ids=["one process", "--processes 2"])
def test_other_ways_to_start_locust_record_all_the_same(arguments: tuple[str, ...], server, locusts) -> None:
    load = ["--headless", "-H", server.url, "-u", "6", "-r", "6", "-t", "5s", "--master-bind-port", str(locusts.port)]
    single = locusts.start("single", *load, "--master-port", str(locusts.port), *arguments)

    assert single.wait(LONG) == 0, locusts.log("single")
    recording = locusts.recording()

    assert recording.requests == server.served() > 50
    page = (locusts.folder / "runs" / recording.info.id / "report.html").read_text()
    assert "NOT FINISHED" not in page


@pytest.mark.parametrize("arguments", [(), ("--processes", "2")], ids=["one process", "--processes 2"])
def test_a_run_of_less_than_a_second_knows_its_users(arguments: tuple[str, ...], server, locusts) -> None:
    port = str(locusts.port)
    load = ["--headless", "-H", server.url, "-u", "6", "-r", "6", "-t", "300s", "--master-bind-port", port]
    single = locusts.start("single", *load, "--master-port", port, *arguments)
    server.wait_for(12)
    os.killpg(single.pid, signal.SIGINT)
    single.wait(LONG)

    recording = locusts.recording()
    assert recording.requests == server.served()
    assert not [each for each in recording.info.validity_reasons if "users were started" in each]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_to_a_single_process_judges_the_run(number: signal.Signals, server, locusts) -> None:
    single = locusts.start("single", "--headless", "-H", server.url, "-u", "5", "-r", "5", "-t", "300s")
    server.wait_for(100)
    single.send_signal(number)

    assert single.wait(LONG) == 0, locusts.log("single")
    assert locusts.recording().requests == server.served()


def test_ctrl_c_in_a_terminal_reaches_all_processes_and_tears_no_request(server, locusts) -> None:
    load = ["--headless", "-H", server.url, "-u", "40", "-r", "40", "-t", "300s", "--processes", "2"]
    port = str(locusts.port)
    single = locusts.start("single", *load, "--master-bind-port", port, "--master-port", port)
    server.wait_for(500)
    os.killpg(single.pid, signal.SIGINT)

    assert single.wait(LONG) == 0, locusts.log("single")
    recording = locusts.recording()
    assert recording.requests == server.served()
    assert recording.info.state is RunState.FINISHED
    assert recording.info.validity is Validity.VALID, recording.info.validity_reasons


SHAPED = """
from locust import LoadTestShape
class Flat(LoadTestShape):
    def tick(self): return (5, 5)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
@pytest.mark.parametrize("kind", ["single process", "master"])
def test_a_signal_during_a_load_shape_judges_the_run(kind: str, number: signal.Signals, server, locusts) -> None:
    with (locusts.folder / "plain.py").open("a") as locustfile:
        locustfile.write(SHAPED)
    if kind == "master":
        started = locusts.master("--headless", "-H", server.url, "--expect-workers", "1", name="single")
        locusts.worker(0)
    else:
        started = locusts.start("single", "--headless", "-H", server.url)
    server.wait_for(100)
    started.send_signal(number)

    assert started.wait(LONG) == 0, locusts.log("single")
    recording = locusts.recording()
    assert recording.requests == server.served()
    assert recording.info.state is RunState.FINISHED


def test_an_unreachable_target_is_invalid_never_a_pass(locusts) -> None:
    single = locusts.start("single", "--headless", "-H", "http://127.0.0.1:9", "-u", "1", "-t", "4s")

    assert single.wait(LONG) == 6
    assert locusts.recording().info.validity is Validity.INVALID
    assert "cannot be reached" in locusts.log("single")
    assert "Traceback" not in locusts.log("single")


def _locked(path: Path) -> bool:
    from perf_core.runstore.spool import claim

    with claim(path) as contents:
        return contents is None


def _idle(server) -> bool:
    before = server.served()
    time.sleep(0.7)
    return server.served() == before


def _repair(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "perf_cli", "repair"], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def _get(url: str) -> dict[str, object]:
    import json
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return dict(json.load(answer))
    except OSError:
        return {}


def _post(url: str, body: dict[str, object]) -> str:
    import json
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    for _ in range(100):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return str(json.load(answer)["run_id"])
        except urllib.error.HTTPError as cause:
            if cause.code != 503:
                raise
            time.sleep(0.3)
    raise AssertionError("the workers never became ready")
