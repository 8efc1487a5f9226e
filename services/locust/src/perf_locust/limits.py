"""How much of its machine a process may use: two runs whose workers had other limits are compared with a warning."""

import os
from pathlib import Path

from perf_core.units import format_bytes
from perf_locust.cgroup import CgroupReading, find_cgroup


def own_limits(root: Path = Path("/")) -> str:
    """Return ``cpu 0.5, memory 512.0 MB`` of this process's container, ``none`` when nothing limits it."""
    cgroup = find_cgroup(root=root)
    limits = cgroup.read() if cgroup is not None else CgroupReading()
    cpu = _cpus(limits.cpu_limit)
    found = [f"cpu {cpu:g}"] if cpu else []
    found += [f"memory {format_bytes(limits.memory_limit)}"] if limits.memory_limit else []
    return ", ".join(found) or "none"


def _cpus(quota: float | None) -> float | None:
    """Return the cores that the quota or this process's affinity (where the system has one) leaves; None for all."""
    there = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else there
    left = [float(allowed)] if allowed < there else []
    return min([*left, *([quota] if quota else [])], default=None)
