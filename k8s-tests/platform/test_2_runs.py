"""Runs on the release: started by a script, judged against each other, reported, mailed and fetched."""

import os
import sys
from pathlib import Path

import pytest
from mailbox_pod import MailboxPod
from release import Release, held_against
from waiting import run, until

COMMAND = Path(sys.executable).parent / "perf-platform"


@pytest.fixture(scope="module")
def two_runs(release: Release) -> list[str]:
    """A baseline and a run of the same build, by id."""
    release.finished(release.start_run(10, 10, scenario="warm-up", baseline="none"))  # a new pod is slower at first
    before = release.served()
    first = release.start_run(10, 30, scenario="e2e", baseline="none")
    facts = release.finished(first)
    assert not held_against(facts)
    assert facts["requests"] == release.served() - before
    release.ask("/perf/baseline", {"action": "set", "run": first, "by": "e2e"})
    second = release.start_run(10, 30, scenario="e2e")
    release.finished(second)
    return [first, second]


def test_a_run_has_every_request_of_both_workers_a_verdict_and_a_report(
    release: Release, two_runs: list[str], saw, tmp_path: Path
) -> None:
    environment = {**os.environ, "PERF_MASTER_TOKEN": release.token, "PERF_RUNS_DIR": str(tmp_path)}
    master = ("--master", release.door("master", 8089))
    run(str(COMMAND), "pull", two_runs[1], *master, environment=environment)
    facts = release.finished(two_runs[1])
    pulled = tmp_path / two_runs[1]
    report = release.report(two_runs[1])

    saw(f"{facts['requests']} requests, {facts['verdict']}, {facts['validity']}")
    assert facts["verdict"] in {"UNCHANGED", "INCONCLUSIVE", "IMPROVED"}
    assert facts["baseline"] == two_runs[0]
    assert "How the verdict was reached" in report
    assert (pulled / "report.html").read_text() == report
    users = {each.source for each in _recording(pulled).gauges if each.name == "users"}
    saw(f"users ran on {sorted(users)}")
    assert len(users) == 2
    listed = run(str(COMMAND), "runs", *master, environment=environment)
    assert all(each in listed for each in two_runs)


@pytest.mark.usefixtures("two_runs")
def test_the_report_was_mailed(mailbox: MailboxPod, saw) -> None:
    def mailed() -> list[str]:
        found = [str(each["Subject"]) for each in mailbox.mails()]
        return found if len(found) >= 3 else []

    subjects = until(mailed, "three mails")
    last = mailbox.mails()[-1]
    attached = [part.get_filename() for part in last.iter_attachments()]
    saw(f"{len(subjects)} mails, the last: {subjects[-1]!r} with {attached}")
    assert any("e2e" in each for each in subjects)
    assert any(name and name.endswith(".html") for name in attached)


def test_runs_are_on_the_volume_after_the_master_restarts(release: Release, two_runs: list[str], saw) -> None:
    before = release.report(two_runs[1])
    old = release.ready("master")[0].metadata.name
    release.kubectl("delete", "pod", old)
    until(lambda: [pod for pod in release.ready("master") if pod.metadata.name != old], "another master pod")

    after = until(lambda: release.report(two_runs[1]), "the report from the new master")
    saw(f"the report has {len(after)} characters before and after")
    assert after == before


def _recording(folder: Path):
    from perf_core.runstore import RunStore

    return RunStore(folder.parent).load(folder.name)
