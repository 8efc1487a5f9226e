"""Workers come and go while a run is on: `kubectl scale`, a pod that is deleted, an upgrade. Nothing is lost."""

import re
import shutil
import time
from pathlib import Path

from release import CHART, Release, held_against
from waiting import until

USERS = 12


def _users_by_worker(release: Release) -> dict[str, int]:
    """Return how many users each worker has now, as the master knows it."""
    workers = release.ask("/perf/snapshot")["workers"]
    return {each["id"]: each["users"] for each in workers if each["users"] and each["state"] != "missing"}


def _spread(release: Release, workers: int) -> float:
    """Wait until the users are spread evenly over so many workers and return the seconds it took."""
    began = time.monotonic()
    most = -(-USERS // workers)

    def even() -> bool:
        users = _users_by_worker(release).values()
        return len(users) == workers and sum(users) == USERS and max(users) <= most + 1

    until(even, f"{USERS} users on {workers} workers", 120)
    return time.monotonic() - began


def test_scaling_during_a_run_loses_no_request_and_the_run_stays_valid(release: Release, saw) -> None:
    worker = f"deployment/{release.component('worker')}"
    before = release.served()
    run_id = release.start_run(USERS, 150, scenario="scaling", baseline="none")  # pods may take a minute to start
    _spread(release, 2)
    release.kubectl("scale", worker, "--replicas=4")
    until(lambda: len(release.ready("worker")) == 4, "four workers")
    up = _spread(release, 4)
    time.sleep(8)
    release.kubectl("scale", worker, "--replicas=1")
    until(lambda: len(release.pods("worker")) == 1, "one worker pod")
    down = _spread(release, 1)
    facts = release.finished(run_id)
    served = release.served() - before
    release.kubectl("scale", worker, "--replicas=2")

    kinds = [each["kind"] for each in facts["events"]]
    saw(f"served {served}, recorded {facts['requests']}; {kinds}")
    saw(f"users were even {up:.1f} s after scaling up, {down:.1f} s after scaling down")
    assert facts["requests"] == served > 200
    assert not held_against(facts)
    assert kinds.count("worker_joined") == 2
    assert kinds.count("worker_left") == 3
    settling = [each["end"] - each["start"] for each in facts["unsettled"]]
    saw(f"users had settled after {[round(each, 1) for each in settling]} s, which are left out of the comparison")
    assert settling
    assert max(settling) < 12, "users are moved within 10 s, and readings come once a second"


def test_a_deleted_worker_pod_is_replaced_and_nothing_is_lost(release: Release, saw) -> None:
    until(lambda: len(release.ready("worker")) == 2, "two workers")
    before = release.served()
    run_id = release.start_run(USERS, 45, scenario="deleted", baseline="none")
    _spread(release, 2)
    victim = release.ready("worker")[0].metadata.name
    release.kubectl("delete", "pod", victim, "--wait=false")
    facts = release.finished(run_id)
    served = release.served() - before

    saw(f"deleted {victim}; served {served}, recorded {facts['requests']}; {facts['validity']}")
    assert facts["requests"] == served > 100
    assert not held_against(facts)


def test_an_upgrade_during_a_run_restarts_nothing_and_keeps_the_workers(
    release: Release, saw, tmp_path: Path
) -> None:
    newer = tmp_path / CHART.name
    shutil.copytree(CHART, newer)
    about = newer / "Chart.yaml"
    about.write_text(re.sub(r"^version: .*$", "version: 99.0.0", about.read_text(), flags=re.MULTILINE))
    release.kubectl("scale", f"deployment/{release.component('worker')}", "--replicas=3")
    until(lambda: len(release.ready("worker")) == 3, "three workers")
    names = {pod.metadata.name for part in ("master", "worker") for pod in release.ready(part)}
    before = release.served()
    run_id = release.start_run(USERS, 40, scenario="upgrade", baseline="none", workers=3)
    release.upgrade(newer, functionalTests__enabled="false")
    facts = release.finished(run_id)
    served = release.served() - before
    after = {pod.metadata.name for part in ("master", "worker") for pod in release.ready(part)}
    listed = release.helm("history", release.name)

    saw(f"served {served}, recorded {facts['requests']}; {facts['validity']}; {len(after)} pods, none of them new")
    assert "99.0.0" in listed
    assert after == names
    assert facts["requests"] == served > 100
    assert not held_against(facts)

    release.helm("rollback", release.name, "1", "--wait", "--timeout", "240s")
    release.functional_tests_ended()
    until(lambda: len(release.pods("worker")) == 2, "the number of workers of revision 1")
    rolled = {pod.metadata.name for part in ("master", "worker") for pod in release.pods(part)}
    saw(f"rolled back: {release.helm('history', release.name).splitlines()[-1].strip()}")
    assert rolled < names, "no pod is another one"
