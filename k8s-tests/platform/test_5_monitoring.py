"""The operator's Prometheus finds the release by its default labels, and answers every dashboard during a run."""

import json
import os
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from door import Door
from release import CHART, Release
from waiting import until

SERVICE = os.environ.get("PERF_TEST_PROMETHEUS", "monitoring/prometheus-operated:9090")
USERS = 8
BUILT_IN = {"$__rate_interval": "20s", "$__interval": "5s", "$__range": "10m"}
"""What Grafana makes of them with a minimum step of 5 s, which every panel has."""
ELSEWHERE = ("kube_", "container_", "kubelet_", "ALERTS")
"""Metrics of kube-state-metrics and the kubelet, and of alerts: not there on a healthy cluster without both."""


class Prometheus:
    """The operator's Prometheus."""

    def __init__(self, door: Door) -> None:
        """Remember the way."""
        self._door = door

    def get(self, path: str, **parameters: str) -> dict[str, Any]:
        """Return the data of an answer; an error is one of the query."""
        answer = httpx.get(f"{self._door.url}/api/v1/{path}", params=parameters, timeout=30)
        assert answer.status_code in {200, 503}, f"{parameters}: {answer.text[:300]}"
        return dict(answer.raise_for_status().json()["data"])

    def has(self, query: str) -> bool:
        """Whether a range of the last minute has data."""
        now = time.time()
        found = self.get("query_range", query=query, start=str(now - 60), end=str(now), step="5")
        return bool(found["result"])


@pytest.fixture(scope="module")
def prometheus() -> Iterator[Prometheus]:
    if SERVICE == "none":
        pytest.fail("PERF_TEST_PROMETHEUS is none: monitoring is not tested; name the operator's Prometheus")
    namespace, _, address = SERVICE.partition("/")
    name, _, port = address.partition(":")
    door = Door(namespace, name, int(port))
    yield Prometheus(door)
    door.close()


def _queries() -> list[str]:
    found = []
    for path in sorted((CHART / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            found += [target["expr"] for target in panel.get("targets", [])]
    return found


def _filled(query: str, namespace: str) -> str:
    for name, meant in BUILT_IN.items():
        query = query.replace(name, meant)
    return re.sub(r"\$(job|run)\b", ".*", re.sub(r"\$namespace\b", namespace, query))


def test_every_target_is_up_and_every_rule_loaded(release: Release, prometheus: Prometheus, saw) -> None:
    def targets() -> dict[str, str]:
        active = prometheus.get("targets", state="active")["activeTargets"]
        found = {
            each["labels"]["job"]: each["health"]
            for each in active
            if each["labels"].get("namespace") == release.namespace
        }
        return found if {"api", "exporter"} <= set(found) and set(found.values()) == {"up"} else {}

    up = until(targets, "all targets of the release to be up")

    def rules() -> dict[str, str]:
        groups = prometheus.get("rules")["groups"]
        found = {rule["name"]: rule["health"] for group in groups for rule in group["rules"] if _ours(group, release)}
        return found if found and "unknown" not in found.values() else {}

    loaded = until(rules, "the rules to be evaluated")
    saw(f"targets {up}; {len(loaded)} rules, health {sorted(set(loaded.values()))}")
    assert set(loaded.values()) == {"ok"}
    wanted = re.findall(
        r"^ *- (?:record|alert): (\S+)", (CHART / "rules/perf-platform.rules.yaml").read_text(), re.MULTILINE
    )
    assert set(wanted) <= set(loaded)


def test_every_dashboard_query_is_answered_during_a_run(release: Release, prometheus: Prometheus, saw) -> None:
    run_id = release.start_run(USERS, 90, scenario="seen", baseline="none")
    running = f'locust_users{{namespace="{release.namespace}"}} == {USERS}'
    until(lambda: prometheus.has(f"count_over_time(({running})[30s:5s]) >= 4"), "the users in Prometheus", 120)
    queries = [_filled(each, release.namespace) for each in _queries()]
    asked = [each for each in queries if not any(name in each for name in ELSEWHERE)]
    empty = [each for each in asked if not prometheus.has(each)]
    for each in set(queries) - set(asked):
        prometheus.has(each)  # is answered, with or without data
    release.ask("/perf/run/stop", {"run_id": run_id})
    release.finished(run_id)

    saw(f"{len(queries)} queries answered, {len(asked) - len(empty)} of {len(asked)} with data; empty: {empty}")
    assert len(empty) <= 0.2 * len(asked), empty


def _ours(group: dict[str, Any], release: Release) -> bool:
    return release.namespace in group["file"]
