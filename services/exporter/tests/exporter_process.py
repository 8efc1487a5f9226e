"""The exporter as a process of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from series import Series, parse

START = "perf-exporter: "


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running exporter."""

    url: str
    process: subprocess.Popen[str]

    def page(self, timeout: float | None = None) -> Series:
        """Scrape it, as Prometheus with this scrape timeout would."""
        headers = {} if timeout is None else {"X-Prometheus-Scrape-Timeout-Seconds": str(timeout)}
        with urllib.request.urlopen(urllib.request.Request(self.url, headers=headers), timeout=60) as answer:
            assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
            return parse(answer.read())

    def wait_for(self, is_so: Callable[[Series], bool], what: str, seconds: float = 60) -> Series:
        """Scrape until a page is as wanted, and return it."""
        deadline = time.monotonic() + seconds
        while True:
            page = self.page()
            if is_so(page):
                return page
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.3)


def clean_environment(**more: str) -> dict[str, str]:
    """Return this environment without settings that a developer's shell may have."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("PERF_", "LOCUST_"))}
    return kept | more


@contextmanager
def running_exporter(
    *arguments: str, command: tuple[str, ...] = (sys.executable, "-m", "perf_exporter"), **environment: str
) -> Iterator[Exporter]:
    """Start the exporter on a free port, and end it as Kubernetes would."""
    whole = [*command, "--port", "0", *arguments]
    process = subprocess.Popen(whole, stdout=subprocess.PIPE, text=True, env=clean_environment(**environment))
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith(START), line
        yield Exporter(line.removeprefix(START).strip(), process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
