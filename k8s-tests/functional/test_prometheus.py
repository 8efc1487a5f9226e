"""Prometheus scrapes every target of the release."""

import os
import time
from typing import Any

import httpx

EXPECTED = ("api", "exporter")
LABELS = os.environ.get("PERF_TEST_MONITORING_LABELS") or "the labels of monitoring.labels"


def _targets(prometheus: str) -> dict[str, list[dict[str, Any]]]:
    answer = httpx.get(f"{prometheus}/api/v1/targets", params={"state": "active"}, timeout=15).raise_for_status()
    namespace = os.environ.get("PERF_TEST_NAMESPACE")
    found: dict[str, list[dict[str, Any]]] = {}
    for target in answer.json()["data"]["activeTargets"]:
        if namespace in (None, target["labels"].get("namespace")):
            found.setdefault(target["labels"].get("job", ""), []).append(target)
    return found


def test_every_target_of_the_release_is_up(prometheus: str) -> None:
    expected = [name for name in EXPECTED if os.environ.get(f"PERF_TEST_{name.upper()}_URL")]
    deadline, wrong = time.monotonic() + 120, [""]
    while wrong and time.monotonic() < deadline:
        targets = _targets(prometheus)
        wrong = [
            f"{job} is not scraped: its ServiceMonitor carries {LABELS}, and this Prometheus likely selects another "
            "label; set monitoring.labels to what `kubectl get prometheus -A -o yaml` shows as serviceMonitorSelector"
            for job in expected
            if job not in targets
        ]
        wrong += [
            f"{job} at {target['scrapeUrl']} is {target['health']}: {target['lastError']}"
            for job in expected
            for target in targets.get(job, [])
            if target["health"] != "up"
        ]
        if wrong:
            time.sleep(2)
    assert not wrong, "; ".join(wrong)
