"""The release as Helm leaves it: everything ready under the restricted profile, and checked by its own tests."""

import httpx
from release import Release

COMPONENTS = {"api": 1, "mongodb": 1, "master": 1, "worker": 2, "exporter": 1}


def test_every_pod_is_ready_in_a_restricted_namespace(release: Release, saw) -> None:
    namespace = release.core.read_namespace(release.namespace)

    assert namespace.metadata.labels["pod-security.kubernetes.io/enforce"] == "restricted"
    counts = {name: len(release.ready(name)) for name in COMPONENTS}
    saw(f"ready pods {counts}")
    assert counts == COMPONENTS


def test_the_web_ui_asks_who_is_there(release: Release, saw) -> None:
    url = release.door("master", 8089)
    stranger = httpx.get(f"{url}/perf/runs", timeout=30)
    with httpx.Client(base_url=url, timeout=30, headers={"Accept": "text/html"}) as browser:
        assert "Sign in" in browser.get("/", follow_redirects=True).text
        form = {"user": "perf", "password": release.secret(release.component("web"), "password"), "next": "/"}
        answer = browser.post("/perf/login", data=form, headers={"Origin": url}, follow_redirects=True)

    saw(f"a stranger gets {stranger.status_code}, the generated password {answer.status_code}")
    assert stranger.status_code == 401
    assert answer.status_code == 200
    assert "Locust" in answer.text


def test_the_functional_tests_passed_by_themselves_and_again_with_helm_test(release: Release, saw) -> None:
    status = release.functional_tests_ended()
    log = release.kubectl("logs", f"job/{release.component('functional-tests-1')}")
    saw(log.strip().splitlines()[-1])
    assert "Complete" in status, log
    assert "the master keeps the JUnit file (200)" in log

    told = release.helm("test", release.name, "--timeout", "400s")
    saw("helm test: " + next(line for line in told.splitlines() if line.startswith("Phase:")))
    assert "Phase:" in told
    assert "Succeeded" in told
    exported = httpx.get(f"{release.door('exporter', 9646)}/metrics", timeout=30).text
    assert 'perf_functional_tests{outcome="failed"} 0' in exported
