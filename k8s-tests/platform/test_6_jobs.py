"""The run Job and the schedule: a run on the release's master, whose exit code is the Job's."""

from release import Release
from waiting import until

USERS = 5


def _ended(release: Release, job: str) -> str:
    def status() -> str:
        text = release.kubectl("get", "job", job, "-o", "jsonpath={.status.conditions[*].type}", ok=False)
        return text if "Complete" in text or "Failed" in text else ""

    return until(status, f"the end of job {job}", 400)


def _made_by(release: Release, schedule: str) -> str:
    owners = "{range .items[*]}{.metadata.name} {.metadata.ownerReferences[*].name}{'\\n'}{end}"
    lines = release.kubectl("get", "jobs", "-o", f"jsonpath={owners}").splitlines()
    return next((line.split()[0] for line in lines if line.split()[1:] == [schedule]), "")


def test_run_job_and_schedule_end_with_the_exit_code_of_their_run(release: Release, saw) -> None:
    release.upgrade(
        runJob__enabled="true",
        schedule__enabled="true",
        schedule__suspend="true",
        run__users=str(USERS),
        run__runTime="15s",
        run__baseline="none",
        run__scenario="job",
        functionalTests__enabled="false",
    )
    revision = release.helm("history", release.name, "--max", "1", "-o", "json")
    number = revision.partition('"revision":')[2].partition(",")[0]
    job = release.component(f"run-{number}")
    first = _ended(release, job)
    log = release.kubectl("logs", f"job/{job}")
    saw(f"{job}: {first}; {log.strip().splitlines()[-1]}")
    assert "Complete" in first, log

    release.upgrade(
        run__thresholds__impossible="p50 < 1us",
        runJob__enabled="false",
        schedule__cron="* * * * *",
        schedule__suspend="false",
    )
    schedule = release.component("schedule")
    failing = until(lambda: _made_by(release, schedule), "the Job of the schedule's next minute", 150)
    release.kubectl("patch", "cronjob", schedule, "-p", '{"spec": {"suspend": true}}')
    release.settings["schedule.suspend"] = "true"
    second = _ended(release, failing)
    log = release.kubectl("logs", f"job/{failing}")
    code = release.kubectl(
        "get", "pod", "-l", f"job-name={failing}", "-o",
        "jsonpath={.items[*].status.containerStatuses[*].state.terminated.exitCode}",
    )  # fmt: skip
    saw(f"{failing}: {second}, exit code {code}")
    assert "Failed" in second, log
    assert code == "3", log
    assert "impossible" in log


def test_a_second_start_is_refused_and_names_the_run_that_is_on(release: Release, saw) -> None:
    run_id = release.start_run(USERS, 60, scenario="busy", baseline="none")
    refused = "run-while-busy"
    release.kubectl("create", "job", refused, f"--from=cronjob/{release.component('schedule')}")
    ended = _ended(release, refused)
    log = release.kubectl("logs", f"job/{refused}")
    release.ask("/perf/run/stop", {"run_id": run_id})
    facts = release.finished(run_id)

    saw(f"{ended}; {log.strip().splitlines()[-1]}; the run that was on is {facts['validity']}")
    assert "Failed" in ended
    assert run_id in log
