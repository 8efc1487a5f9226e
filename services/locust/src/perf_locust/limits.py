"""How much of its machine a process may use: two runs whose workers had other limits are compared with a warning."""

import os
from pathlib import Path

from perf_core.units import format_bytes

CGROUP = Path("/sys/fs/cgroup")


def own_limits(cgroup: Path = CGROUP) -> str:
    """Return ``cpu 0.5, memory 512.0 MB`` of this process's container, ``none`` when nothing limits it."""
    cpu, memory = _cpus(cgroup), _first_number(cgroup / "memory.max")
    found = [f"cpu {cpu:g}"] if cpu else []
    found += [f"memory {format_bytes(memory)}"] if memory else []
    return ", ".join(found) or "none"


def _cpus(cgroup: Path) -> float | None:
    """Return the cores that the container's quota or this process's affinity leaves; None for all."""
    words = _words(cgroup / "cpu.max")
    quota = float(words[0]) / float(words[1]) if len(words) == 2 and words[0].isdigit() else None
    allowed, there = len(os.sched_getaffinity(0)), os.cpu_count() or 1
    left = [float(allowed)] if allowed < there else []
    return min([*left, *([quota] if quota else [])], default=None)


def _first_number(path: Path) -> float | None:
    words = _words(path)
    return float(words[0]) if words and words[0].isdigit() else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
