"""The end of a run, killed at every step and gone through again: one report, one mail."""

import mailbox
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from perf_core.compare.document import read_comparison
from perf_core.model.frame import Frame, FrameKey, FrameRow
from perf_core.model.histogram import Histogram
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity
from perf_core.notify import Courier, Outbox
from perf_core.ports import free_port
from perf_core.runstore import RunFolder, RunStore
from perf_core.runstore.frame_codec import encode_frame
from perf_core.runstore.frame_log import write_log
from perf_locust.finish import finish, is_open
from perf_locust.report_routes import report_routes
from perf_locust.validity import Incidents

START = 1_790_000_000
STEPS = ["freeze", "compare", "render", "notify", "store"]


def frame(seq: int) -> Frame:
    latencies = np.random.default_rng(seq).lognormal(-4, 0.3, 20)
    histogram = Histogram.from_latencies(latencies)
    row = FrameRow(
        FrameKey("GET", "/items", ""),
        START + seq,
        20,
        float(latencies.sum()),
        float(latencies.min()),
        float(latencies.max()),
        100,
        histogram.buckets,
        histogram.counts,
    )
    return Frame("worker-1", seq, START + seq + 1.0, (row,))


def open_run(store: RunStore, run_id: str = "20260921-101500-ab12") -> RunInfo:
    info = RunInfo(run_id, "shop", "http://127.0.0.1:1", started=float(START), ended=float(START + 30))
    folder = store.create(info)
    write_log(folder.frames_log, [encode_frame(frame(seq)) for seq in range(1, 30)])
    return info


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The mailbox of a real mail server that the environment names."""
    port = free_port()
    program = ["-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Mailbox"]
    with subprocess.Popen([sys.executable, *program, str(tmp_path / "mail")]) as process:
        for _ in range(400):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        settings = {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "FROM": "p@x.org", "TO": "a@x.org"}
        for name, value in settings.items():
            monkeypatch.setenv(f"PERF_SMTP_{name}", value)
        yield tmp_path / "mail"
        process.kill()


def in_a_child(work: Callable[[], None]) -> bool:
    """Do the work in a forked process; return whether it lived to its end."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL


def die_at(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, call: int, *, after: bool) -> None:
    """Make the n-th call of a method the last thing the process does."""
    real, calls = getattr(owner, method), iter(range(1000))

    def dying(*arguments: object) -> object:
        last = next(calls) == call
        if last and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    monkeypatch.setattr(owner, method, dying)


def end_of_run(store: RunStore, run_id: str) -> None:
    """What a master does with an open run, and then with the outbox."""
    finish(store, store.folder(run_id).read_info(), None, Incidents(lost_workers=("worker-9",)), strict=False)
    Courier(store).deliver_due()


@pytest.mark.parametrize("after", [False, True], ids=["before it is recorded", "after it is recorded"])
@pytest.mark.parametrize("call", range(5), ids=STEPS)
def test_killed_at_any_step_and_restarted_there_is_one_report_and_one_mail(
    call: int, after: bool, box: Path, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "runs")
    run_id = open_run(store).id
    with pytest.MonkeyPatch.context() as patch:
        die_at(patch, RunFolder, "write_info", call, after=after)
        assert not in_a_child(lambda: end_of_run(store, run_id))
    if is_open(store.folder(run_id).read_info()):
        finish(store, store.folder(run_id).read_info(), None, Incidents(), strict=False)
    Courier(store).deliver_due()

    info = store.folder(run_id).read_info()
    assert [step.name for step in info.finish_steps if step.ok] == STEPS
    assert (info.state, info.requests) == (RunState.FINISHED, 29 * 20)
    assert info.validity is (Validity.VALID if (call, after) == (0, False) else Validity.SUSPECT)
    assert (store.folder(run_id).path / "report.html").read_text().count("<h1>") == 1
    assert read_comparison(store.folder(run_id).path / "comparison.json").current.id == run_id
    assert len(mailbox.Maildir(box)) == 1


def test_killed_between_the_servers_250_and_our_record_the_second_mail_has_the_same_message_id(
    box: Path, tmp_path: Path
) -> None:
    store = RunStore(tmp_path / "runs")
    run_id = open_run(store).id
    with pytest.MonkeyPatch.context() as patch:
        die_at(patch, Outbox, "write", 1, after=False)  # the first write is the new entry
        assert not in_a_child(lambda: end_of_run(store, run_id))

    Courier(store).deliver_due()

    assert [mail["Message-ID"] for mail in mailbox.Maildir(box)] == [f"<{run_id}@perf-platform.x.org>"] * 2
    assert not Courier(store).deliver_due()


def test_a_baseline_that_became_unusable_costs_the_comparison_not_the_run(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    info, old = open_run(store), open_run(store, "20260920-101500-ab12")
    (store.folder(old.id).path / "run.json").write_text("{")

    finished = finish(store, info, old, Incidents(), strict=False)

    assert finished.exit_code == 5
    assert finished.info.state is RunState.FINISHED
    assert "the baseline cannot be used" in finished.comparison.warnings[0]
    assert "the baseline cannot be used" in (store.folder(info.id).path / "report.html").read_text()


def test_an_interrupted_run_stays_interrupted_and_is_open_until_its_last_step(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    info = replace(open_run(store), state=RunState.INTERRUPTED)

    finished = finish(store, info, None, Incidents(), strict=False)

    assert finished.info.state is RunState.INTERRUPTED
    assert not is_open(finished.info)
    assert is_open(replace(finished.info, finish_steps=finished.info.finish_steps[:-1]))


def test_a_report_that_cannot_be_made_costs_neither_verdict_nor_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(tmp_path / "runs")
    info = open_run(store)
    monkeypatch.setattr("perf_locust.finish.write_reports", lambda *_: {}["missing"])

    finished = finish(store, info, None, Incidents(), strict=False)

    assert finished.exit_code == 0
    assert next(step for step in finished.info.finish_steps if step.name == "render").detail == "KeyError: 'missing'"
    assert store.load(info.id).info.state is RunState.FINISHED


def test_the_report_of_a_run_is_served_and_nothing_else_of_the_volume(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs")
    finish(store, open_run(store), None, Incidents(), strict=False)
    app = Flask("test")
    app.register_blueprint(report_routes(store))
    client = app.test_client()

    report = client.get("/perf/runs/20260921-101500-ab12/report")

    assert (report.status_code, report.mimetype) == (200, "text/html")
    assert b"shop" in report.data
    assert client.get("/perf/runs/20260921-101500-ab12/comparison").get_json()["current"] == "20260921-101500-ab12"
    for path in ("20260921-101500-ab12/frames.log", "..%2f..%2fetc/report", "nope/report", "../outbox/report"):
        assert client.get(f"/perf/runs/{path}").status_code == 404


def test_a_run_of_a_series_is_judged_with_those_before_it_and_nobody_is_told_before_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(tmp_path / "runs")
    monkeypatch.setenv("PERF_WEBHOOK_URL", "http://127.0.0.1:1/")
    old, older, first = (open_run(store, f"2026092{at}-101500-ab12") for at in range(3))
    sets = {"more_baselines": (older.id,), "repeats": (first.id,)}
    quiet = replace(open_run(store, "20260923-101500-ab12"), quiet=True, **sets)
    last = replace(open_run(store, "20260924-101500-ab12"), **sets)

    silent = finish(store, quiet, old, Incidents(), strict=False)
    told = finish(store, last, old, Incidents(), strict=False)

    assert [entry.run_id for entry in Outbox(store.root).entries()] == [last.id]
    for finished in (silent, told):
        comparison = read_comparison(store.folder(finished.info.id).path / "comparison.json")
        assert (comparison.more_baselines, comparison.repeats) == ((older.id,), (first.id,))
        assert comparison.endpoints[0].baseline is not None
        assert comparison.endpoints[0].baseline.requests == 2 * 29 * 20
    assert older.id in (store.folder(last.id).path / "report.html").read_text()
