"""The exporter speaks for the master."""

import re

import httpx
import pytest


def _value(text: str, series: str) -> float | None:
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


@pytest.mark.usefixtures("master")
def test_the_exporter_sees_the_master(exporter: str) -> None:
    text = httpx.get(f"{exporter}/metrics", timeout=15).raise_for_status().text

    assert _value(text, "locust_up") == 1.0, "the exporter cannot reach the master; compare their tokens"


def test_every_family_is_explained(exporter: str) -> None:
    text = httpx.get(f"{exporter}/metrics", timeout=15).raise_for_status().text

    helped = set(re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE))
    typed = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    assert typed
    assert typed == helped
