"""The master's pod goes while a run is on: what is promised then is kept."""

import time

from release import Release, held_against
from waiting import until

USERS = 8


def _replaced(release: Release, old: str) -> None:
    until(lambda: [pod for pod in release.ready("master") if pod.metadata.name != old], "another master pod")


def test_a_master_pod_that_is_deleted_ends_the_run_with_its_report(release: Release, saw) -> None:
    before = release.served()
    run_id = release.start_run(USERS, 300, scenario="master-ends", baseline="none")
    until(lambda: release.ask("/perf/run")["requests"] > 100, "requests that are recorded")
    old = release.ready("master")[0].metadata.name
    release.kubectl("delete", "pod", old)
    _replaced(release, old)
    facts = release.finished(run_id)
    served = release.served() - before

    saw(f"served {served}, recorded {facts['requests']}; {facts['state']}, {facts['validity']}")
    assert facts["state"] == "finished"
    assert facts["requests"] == served > 100
    assert "How the verdict was reached" in release.report(run_id)


KILL = "import resource; resource.prlimit(1, resource.RLIMIT_CPU, (1, 1))"
"""SIGKILL for the first process of a container, which none but the kernel can send: its processor time is over."""


def test_a_master_that_is_killed_leaves_a_partial_run_and_takes_its_workers_back(release: Release, saw) -> None:
    before = release.served()
    run_id = release.start_run(USERS, 300, scenario="master-killed", baseline="none")
    until(lambda: release.ask("/perf/run")["requests"] > 100, "requests that are recorded")
    pod = release.ready("master")[0].metadata.name
    release.kubectl("exec", pod, "--", "/app/.venv/bin/python", "-c", KILL)

    def killed() -> object:
        (status,) = release.core.read_namespaced_pod(pod, release.namespace).status.container_statuses
        return status.last_state.terminated

    ended = until(killed, "the container's end")
    until(lambda: release.ready("master"), "the master to be back")
    facts = release.finished(run_id)
    time.sleep(6)
    served = release.served() - before

    saw(f"exit code {ended.exit_code}; served {served}, recorded {facts['requests']}; {facts['state']}")
    assert ended.exit_code == 137
    assert facts["state"] == "interrupted"
    assert facts["validity"] == "SUSPECT"
    assert 100 < facts["requests"] <= served
    assert "the master ended before the run did" in release.report(run_id)
    assert until(lambda: release.ask("/perf/run")["ready"], "the workers to be back")
    assert release.ask("/perf/run")["run_id"] is None, "no run goes on by itself"
    again = release.finished(release.start_run(USERS, 15, scenario="after", baseline="none", workers=2))
    saw(f"the next run: {again['requests']} requests, {again['validity']}")
    assert not held_against(again)
