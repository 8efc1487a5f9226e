"""Uninstalling leaves what the notes say, and nothing else."""

from release import Release
from waiting import until

KINDS = (
    "deployment,statefulset,job,service,configmap,secret,serviceaccount,cronjob,networkpolicy,pvc,"
    "servicemonitor,prometheusrule"
)


def test_uninstall_leaves_the_runs_and_the_job_of_helm_test(release: Release, saw) -> None:
    notes = release.helm("get", "notes", release.name)
    release.helm("uninstall", release.name, "--wait")
    selector = f"app.kubernetes.io/instance={release.name}"

    def left() -> list[str]:
        return release.kubectl("get", KINDS, "-l", selector, "-o", "name", "--ignore-not-found").split()

    until(lambda: len(left()) <= 2, "everything else to go", 120)

    def at_work() -> list[str]:
        pods = release.core.list_namespaced_pod(release.namespace, label_selector=selector).items
        return [pod.metadata.name for pod in pods if pod.status.phase not in {"Succeeded", "Failed"}]

    until(lambda: not at_work(), "the pods to end")
    saw(f"left: {left()}")
    assert set(left()) == {
        f"persistentvolumeclaim/{release.component('runs')}",
        f"job.batch/{release.component('helm-test')}",
    }
    assert "helm uninstall leaves the volume of the runs" in notes
