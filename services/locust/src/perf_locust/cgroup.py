"""What the kernel counts for the control group of a process, version 1 and version 2.

Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_NO_LIMIT = 1 << 60
"""Version 1 says "no limit" with the largest number of pages."""


@dataclass(frozen=True, slots=True)
class CgroupReading:
    """Counters since the group was made, and its limits; None where the kernel does not tell.

    Attributes:
        cpu_seconds: CPU time used.
        cpu_limit: cores it may use; None when there is no limit.
        periods: scheduling periods in which it wanted to run, while it has a limit.
        throttled: those of them in which it had used up its share.
        memory_bytes: memory used, without file pages the kernel can drop at once.
        memory_limit: bytes it may use; None when there is no limit.
        read_bytes: bytes read from disks.
        written_bytes: bytes written to disks.
    """

    cpu_seconds: float | None = None
    cpu_limit: float | None = None
    periods: int = 0
    throttled: int = 0
    memory_bytes: int | None = None
    memory_limit: int | None = None
    read_bytes: int | None = None
    written_bytes: int | None = None

    @property
    def limited(self) -> bool:
        """Whether CPU or memory have a limit."""
        return self.cpu_limit is not None or self.memory_limit is not None


class Cgroup(Protocol):
    """A control group that can be read again and again."""

    def read(self) -> CgroupReading:
        """Return its counters now."""


@dataclass(frozen=True, slots=True)
class CgroupV2:
    """One folder for everything."""

    folder: Path

    def read(self) -> CgroupReading:
        """Return its counters now."""
        cpu, memory = _pairs(self.folder / "cpu.stat"), _pairs(self.folder / "memory.stat")
        used, used_cpu = _number(self.folder / "memory.current"), cpu.get("usage_usec")
        disk = list(_io_stat(self.folder / "io.stat"))
        return CgroupReading(
            cpu_seconds=None if used_cpu is None else used_cpu / 1e6,
            cpu_limit=_quota(*(_words(self.folder / "cpu.max") or ["max"])),
            periods=cpu.get("nr_periods", 0),
            throttled=cpu.get("nr_throttled", 0),
            memory_bytes=None if used is None else max(used - memory.get("inactive_file", 0), 0),
            memory_limit=_number(self.folder / "memory.max"),
            read_bytes=_sum(disk, "rbytes"),
            written_bytes=_sum(disk, "wbytes"),
        )


@dataclass(frozen=True, slots=True)
class CgroupV1:
    """A folder per controller; None where there is none."""

    cpu: Path | None
    cpuacct: Path | None
    memory: Path | None
    blkio: Path | None

    def read(self) -> CgroupReading:
        """Return its counters now."""
        nowhere = Path("/nonexistent")
        cpu, memory = self.cpu or nowhere, self.memory or nowhere
        used_cpu, used = (
            _number((self.cpuacct or nowhere) / "cpuacct.usage"),
            _number(memory / "memory.usage_in_bytes"),
        )
        limit, stat = _number(memory / "memory.limit_in_bytes"), _pairs(cpu / "cpu.stat")
        disk = list(_service_bytes(self.blkio or nowhere))
        return CgroupReading(
            cpu_seconds=None if used_cpu is None else used_cpu / 1e9,
            cpu_limit=_quota(*_words(cpu / "cpu.cfs_quota_us"), *_words(cpu / "cpu.cfs_period_us")),
            periods=stat.get("nr_periods", 0),
            throttled=stat.get("nr_throttled", 0),
            memory_bytes=(
                None if used is None else max(used - _pairs(memory / "memory.stat").get("total_inactive_file", 0), 0)
            ),
            memory_limit=limit if limit is not None and limit < _NO_LIMIT else None,
            read_bytes=_sum(disk, "Read"),
            written_bytes=_sum(disk, "Write"),
        )


def find_cgroup(process: str = "self", root: Path = Path("/")) -> Cgroup | None:
    """Return the control group of a process; None where there is no control group."""
    own = dict(_memberships(root / "proc" / process / "cgroup"))
    mounts = dict(_mounts(root / "proc" / process / "mountinfo"))
    found = {
        name: _folder(root, *mounts[name], own[name])
        for name in ("cpu", "cpuacct", "memory", "blkio")
        if name in own
        if name in mounts
    }
    if found:
        return CgroupV1(*(found.get(name) for name in ("cpu", "cpuacct", "memory", "blkio")))
    if "" in own and "" in mounts:
        return CgroupV2(_folder(root, *mounts[""], own[""]))
    return None


def _memberships(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (controller, path in its hierarchy); the controller of version 2 is empty."""
    for line in _lines(path):
        _, controllers, inside = line.split(":", 2)
        for controller in controllers.split(","):
            yield controller, inside


def _mounts(path: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield (controller, (root of the mount in the hierarchy, where it is mounted))."""
    for line in _lines(path):
        before, _, after = line.partition(" - ")
        fields, (kind, _, options) = before.split(), after.split(" ", 2)
        if kind == "cgroup2":
            yield "", (fields[3], fields[4])
        elif kind == "cgroup":
            for controller in options.split(","):
                yield controller, (fields[3], fields[4])


def _folder(root: Path, mounted: str, at: str, inside: str) -> Path:
    """Return where the group is seen; a container sees its own group as the root of the mount."""
    mount = root / at.lstrip("/")
    below = inside.removeprefix(mounted).strip("/") if mounted != "/" else inside.strip("/")
    folder = mount / below
    return folder if ".." not in below and folder.is_dir() else mount


def _quota(quota: str = "-1", period: str = "100000") -> float | None:
    return None if quota in {"max", "-1"} else int(quota) / int(period)


def _io_stat(path: Path) -> Iterator[tuple[str, int]]:
    for line in _lines(path):
        for field in line.split()[1:]:
            name, _, value = field.partition("=")
            yield name, int(value)


def _service_bytes(folder: Path) -> Iterator[tuple[str, int]]:
    for line in _lines(folder / "blkio.throttle.io_service_bytes"):
        words = line.split()
        if len(words) == 3:
            yield words[1], int(words[2])


def _sum(disk: list[tuple[str, int]], wanted: str) -> int | None:
    return sum(value for name, value in disk if name == wanted) if disk else None


def _pairs(path: Path) -> dict[str, int]:
    return {name: int(value) for name, value in (line.split() for line in _lines(path))}


def _number(path: Path) -> int | None:
    words = _words(path)
    return int(words[0]) if words and words[0] != "max" else None


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
