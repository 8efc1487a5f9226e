"""A real master killed at each step of the end of its run, and a new one on the same volume."""

import mailbox
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from perf_core.compare.document import read_comparison
from perf_core.model.verdict import RunState
from perf_core.notify import Outbox
from perf_core.ports import free_port
from perf_core.runstore import RunStore

DYING = """
import os, signal
from perf_core.runstore import RunFolder
write = RunFolder.write_info
def dying(folder, info):
    write(folder, info)
    if info.finish_steps and info.finish_steps[-1].name == os.environ.get("DIE_AFTER"):
        os.kill(os.getpid(), signal.SIGKILL)
RunFolder.write_info = dying
"""


@pytest.fixture
def box(locusts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The mailbox of a real mail server that the environment names; `locusts` has emptied the environment before."""
    port = free_port()
    program = ["-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Mailbox"]
    with subprocess.Popen([sys.executable, *program, str(locusts.folder / "mail")]) as process:
        for _ in range(400):
            with socket.socket() as probe:
                if not probe.connect_ex(("127.0.0.1", port)):
                    break
            time.sleep(0.05)
        settings = {"HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none", "FROM": "p@x.org", "TO": "a@x.org"}
        for name, value in settings.items():
            monkeypatch.setenv(f"PERF_SMTP_{name}", value)
        yield locusts.folder / "mail"
        process.kill()


@pytest.mark.parametrize("step", ["freeze", "compare", "render", "notify", "store"])
def test_a_master_killed_after_any_step_leaves_one_report_and_one_mail_to_the_next(
    server, locusts, box: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = locusts.folder / "plain.py"
    plain.write_text(DYING + plain.read_text())
    monkeypatch.setenv("DIE_AFTER", step)
    first = locusts.start("first", "--headless", "-H", server.url, "-u", "3", "-r", "3", "-t", "3s")
    assert first.wait(90) == -signal.SIGKILL, locusts.log("first")
    monkeypatch.delenv("DIE_AFTER")
    web = str(free_port())

    locusts.start("second", "--web-host", "127.0.0.1", "--web-port", web, "-H", server.url)
    store = RunStore(locusts.folder / "runs")
    (run,) = store.list()
    for _ in range(600):
        entries = Outbox(store.root).entries()
        if entries and all(entry.sent_at for entry in entries) and store.list()[0].state is RunState.FINISHED:
            break
        time.sleep(0.1)

    (run,) = store.list()
    assert run.state is RunState.FINISHED, locusts.log("second")
    assert [each.name for each in run.finish_steps if each.ok] == ["freeze", "compare", "render", "notify", "store"]
    assert read_comparison(store.folder(run.id).path / "comparison.json").current.id == run.id
    assert (store.folder(run.id).path / "report.html").read_text().count('class="pf-report"') == 1
    assert len(mailbox.Maildir(box)) == 1
