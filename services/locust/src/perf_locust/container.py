"""Readings of the container a process runs in: `/proc` shows those of the host."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from perf_locust.cgroup import Cgroup, CgroupReading, find_cgroup

_MARKS = (".dockerenv", "run/.containerenv")


def own_container(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> Cgroup | None:
    """Return the control group of this process if it is that of a container, or has a limit; else None."""
    cgroup = find_cgroup(root=root)
    marked = "KUBERNETES_SERVICE_HOST" in environment or any((root / mark).exists() for mark in _MARKS)
    return cgroup if cgroup is not None and (marked or cgroup.read().limited) else None


class ContainerReadings:
    """Gauges of one control group; ratios are of the time since the last reading."""

    def __init__(self, cgroup: Cgroup) -> None:
        """Take the first reading, which later ones are relative to."""
        self._cgroup = cgroup
        self._before, self._at = cgroup.read(), time.monotonic()

    def take(self) -> dict[str, float]:
        """Return the readings by gauge name; CPU is a ratio of the limit, or of all cores where there is none."""
        now, at = self._cgroup.read(), time.monotonic()
        before, seconds = self._before, at - self._at
        self._before, self._at = now, at
        readings = _memory(now) | _disk(now)
        if now.cpu_seconds is not None and before.cpu_seconds is not None and seconds > 0:
            cores = now.cpu_limit or os.cpu_count() or 1
            readings["container_cpu_ratio"] = (now.cpu_seconds - before.cpu_seconds) / seconds / cores
        if now.cpu_limit is not None:
            periods = now.periods - before.periods
            readings["container_throttled_ratio"] = (
                (now.throttled - before.throttled) / periods if periods > 0 else 0.0
            )
        return readings


def _memory(now: CgroupReading) -> dict[str, float]:
    readings = {}
    if now.memory_bytes is not None:
        readings["container_memory_used_bytes"] = float(now.memory_bytes)
        if now.memory_limit:
            readings["container_memory_ratio"] = now.memory_bytes / now.memory_limit
    return readings


def _disk(now: CgroupReading) -> dict[str, float]:
    counters = {
        "container_disk_read_bytes": now.read_bytes,
        "container_disk_written_bytes": now.written_bytes,
    }
    return {name: float(value) for name, value in counters.items() if value is not None}
