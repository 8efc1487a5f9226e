"""Real masters and workers against a server that counts for itself: served = recorded."""

import signal
import time
from pathlib import Path

from perf_core.model.verdict import RunState, Validity
from perf_core.runstore import RunStore


def only_run(folder: Path) -> tuple[RunStore, str]:
    store = RunStore(folder / "runs")
    (run,) = store.list()
    return store, run.id


def test_a_run_of_two_workers_keeps_every_request(server, locusts) -> None:
    master, *_ = locusts.distributed(server, 5)

    assert master.wait(60) == 0, locusts.log()
    store, run_id = only_run(locusts.folder)
    recording = store.load(run_id)

    assert recording.requests == server.served() > 100
    assert recording.info.state is RunState.FINISHED
    assert recording.info.validity is Validity.VALID
    assert (locusts.folder / "runs" / run_id / "report.html").stat().st_size > 100_000
    assert not (locusts.folder / "runs" / run_id / "master.json").exists()


def test_sigterm_of_the_master_still_gives_a_whole_run_and_its_report(server, locusts) -> None:
    master, *_ = locusts.distributed(server, 60)
    time.sleep(6)
    master.send_signal(signal.SIGTERM)

    assert master.wait(60) == 0, locusts.log()
    store, run_id = only_run(locusts.folder)

    assert store.load(run_id).requests == server.served() > 100
    assert (locusts.folder / "runs" / run_id / "report.html").exists()


def test_sigterm_of_a_worker_loses_nothing_and_is_no_loss(server, locusts) -> None:
    master, first, _ = locusts.distributed(server, 8)
    time.sleep(5)
    first.send_signal(signal.SIGTERM)

    assert first.wait(30) == 0, locusts.log("worker-0")
    assert master.wait(60) == 0, locusts.log()
    store, run_id = only_run(locusts.folder)
    recording = store.load(run_id)

    assert recording.requests == server.served() > 100
    assert recording.info.validity is Validity.VALID, recording.info.validity_reasons


def test_a_killed_worker_makes_the_run_suspect_and_the_exit_code_4(server, locusts) -> None:
    master, first, _ = locusts.distributed(server, 12)
    time.sleep(5)
    first.kill()

    assert master.wait(90) == 4, locusts.log()
    store, run_id = only_run(locusts.folder)
    recording = store.load(run_id)

    assert recording.info.validity is Validity.SUSPECT
    assert "lost" in recording.info.validity_reasons[0]
    assert server.served() - 300 < recording.requests <= server.served()


def test_a_single_process_records_all_the_same(server, locusts) -> None:
    single = locusts.start("single", "--headless", "-H", server.url, "-u", "5", "-r", "5", "-t", "4s")

    assert single.wait(60) == 0, locusts.log("single")
    store, run_id = only_run(locusts.folder)

    assert store.load(run_id).requests == server.served() > 50
    assert "NOT FINISHED" not in (locusts.folder / "runs" / run_id / "report.html").read_text()


def test_an_unreachable_target_is_invalid_never_a_pass(locusts) -> None:
    single = locusts.start("single", "--headless", "-H", "http://127.0.0.1:9", "-u", "1", "-t", "4s")

    assert single.wait(60) == 6
    store, run_id = only_run(locusts.folder)

    assert store.folder(run_id).read_info().validity is Validity.INVALID
    assert "cannot be reached" in locusts.log("single")
    assert "Traceback" not in locusts.log("single")
