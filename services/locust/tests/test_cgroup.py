"""Readings of containers: files as both versions of the kernel's interface write them, and a real group."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from perf_core.model.frame import Frame, FrameKey, FrameRow
from perf_core.model.run import RunInfo
from perf_core.runstore.recording import build_recording
from perf_locust.cgroup import CgroupReading, CgroupV1, CgroupV2, find_cgroup
from perf_locust.container import ContainerReadings, own_container
from perf_locust.validity import Incidents, judge

POD = "kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-abc.scope"
V2 = {
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "1500 1498 0:30 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw\n",
    "sys/fs/cgroup/cpu.max": "50000 100000\n",
    "sys/fs/cgroup/cpu.stat": "usage_usec 12500000\nuser_usec 9000000\nsystem_usec 3500000\n"
    "nr_periods 400\nnr_throttled 100\nthrottled_usec 2000000\n",
    "sys/fs/cgroup/memory.current": "104857600\n",
    "sys/fs/cgroup/memory.max": "209715200\n",
    "sys/fs/cgroup/memory.stat": "anon 62914560\nfile 41943040\ninactive_file 20971520\nactive_file 20971520\n",
    "sys/fs/cgroup/io.stat": "8:0 rbytes=1000 wbytes=2000 rios=1 wios=2 dbytes=0 dios=0\n"
    "259:0 rbytes=30 wbytes=40 rios=1 wios=1 dbytes=0 dios=0\n",
}
V1 = {
    "proc/self/cgroup": "12:memory:/docker/abc\n5:cpu,cpuacct:/docker/abc\n3:blkio:/docker/abc\n0::/docker/abc\n",
    "proc/self/mountinfo": (
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro,nosuid master:15 - cgroup cgroup rw,memory\n"
        "38 31 0:35 /docker/abc /sys/fs/cgroup/blkio ro,nosuid - cgroup cgroup rw,blkio\n"
    ),
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 400\nnr_throttled 100\nthrottled_time 2000000000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpuacct.usage": "12500000000\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "104857600\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "209715200\n",
    "sys/fs/cgroup/memory/memory.stat": "cache 41943040\ninactive_file 7\ntotal_inactive_file 20971520\n",
    "sys/fs/cgroup/blkio/blkio.throttle.io_service_bytes": "8:0 Read 1000\n8:0 Write 2000\n8:0 Sync 3000\n"
    "8:0 Total 3000\n259:0 Read 30\n259:0 Write 40\nTotal 3070\n",
}
READ = CgroupReading(
    cpu_seconds=12.5,
    cpu_limit=0.5,
    periods=400,
    throttled=100,
    memory_bytes=83886080,
    memory_limit=209715200,
    read_bytes=1030,
    written_bytes=2040,
)


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(("files", "version"), [(V2, CgroupV2), (V1, CgroupV1)], ids=["version 2", "version 1"])
def test_both_versions_are_read_alike(files: dict[str, str], version: type, tmp_path: Path) -> None:
    cgroup = find_cgroup(root=tree(tmp_path, files))

    assert isinstance(cgroup, version)
    assert cgroup.read() == READ


def test_without_limits_there_are_none_and_no_container(tmp_path: Path) -> None:
    unlimited = {"sys/fs/cgroup/cpu.max": "max 100000\n", "sys/fs/cgroup/memory.max": "max\n"}
    root = tree(tmp_path, V2 | unlimited)
    cgroup = find_cgroup(root=root)

    assert cgroup is not None
    assert not cgroup.read().limited
    assert own_container(root, {}) is None
    assert own_container(root, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}) == cgroup


def test_a_version_1_group_without_limits_has_none(tmp_path: Path) -> None:
    unlimited = {
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }

    assert own_container(tree(tmp_path, V1 | unlimited), {}) is None


@pytest.mark.parametrize("inside", [POD, "../../.."], ids=["seen from the host", "outside of what is mounted"])
def test_the_group_is_found_below_its_mount_or_is_the_mount(inside: str, tmp_path: Path) -> None:
    root = tree(tmp_path, V2 | {"proc/self/cgroup": f"0::/{inside}\n", f"sys/fs/cgroup/{POD}/memory.current": "7\n"})
    folder = root / "sys/fs/cgroup"

    assert find_cgroup(root=root) == CgroupV2(folder / POD if inside == POD else folder)


def test_a_machine_without_control_groups_has_none(tmp_path: Path) -> None:
    assert find_cgroup(root=tmp_path) is None
    assert own_container(tmp_path, {"KUBERNETES_SERVICE_HOST": "x"}) is None


def test_ratios_are_of_the_time_since_the_last_reading_and_of_the_limit(tmp_path: Path) -> None:
    folder = tree(tmp_path, V2) / "sys/fs/cgroup"
    readings = ContainerReadings(CgroupV2(folder))
    (folder / "cpu.stat").write_text("usage_usec 12500000\nnr_periods 410\nnr_throttled 103\nthrottled_usec 1\n")

    taken = readings.take()

    assert taken["container_throttled_ratio"] == pytest.approx(0.3)
    assert taken["container_memory_ratio"] == pytest.approx(0.4)
    assert taken["container_memory_used_bytes"] == 83886080
    assert (taken["container_disk_read_bytes"], taken["container_disk_written_bytes"]) == (1030, 2040)
    assert taken["container_cpu_ratio"] == 0
    assert readings.take()["container_throttled_ratio"] == 0


@pytest.fixture
def limited() -> Iterator[subprocess.Popen[bytes]]:
    """A process that wants a whole core, in a real group that may use a tenth of one and 64 MiB."""
    with subprocess.Popen(
        [sys.executable, "-c", "input(); block = bytearray(20 << 20)\nwhile True: pass"], stdin=subprocess.PIPE
    ) as process:
        folders = _groups(process.pid)
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
        yield process
        process.kill()
        process.wait()
        for folder in folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                    break
                except OSError:
                    time.sleep(0.05)


def _groups(pid: int) -> list[Path]:
    """Put the process into groups of its own, in whichever version this machine has."""
    base, name = Path("/sys/fs/cgroup"), f"perf-platform-test-{os.getpid()}"
    if (base / "cgroup.controllers").exists():
        limits = {base / name: {"cpu.max": "10000 100000", "memory.max": str(64 << 20)}}
    else:
        limits = {
            base / "cpu" / name: {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "10000"},
            base / "cpuacct" / name: {},
            base / "memory" / name: {"memory.limit_in_bytes": str(64 << 20)},
        }
    for folder, files in limits.items():
        folder.mkdir(exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text)
        (folder / "cgroup.procs").write_text(str(pid))
    return list(limits)


def test_a_real_group_is_throttled_and_says_so(limited: subprocess.Popen[bytes]) -> None:
    cgroup = find_cgroup(str(limited.pid))
    assert cgroup is not None
    readings = ContainerReadings(cgroup)
    deadline = time.monotonic() + 60
    while cgroup.read().throttled < 5 and time.monotonic() < deadline:
        time.sleep(0.1)

    read, taken = cgroup.read(), readings.take()

    assert read.cpu_limit == pytest.approx(0.1)
    assert read.memory_limit == 64 << 20
    assert read.memory_bytes is not None
    assert 20 << 20 < read.memory_bytes < 64 << 20
    assert read.cpu_seconds is not None
    assert taken["container_throttled_ratio"] > 0.5
    assert 0 < taken["container_cpu_ratio"] < 2


@pytest.mark.parametrize(
    ("gauge", "value", "said"),
    [
        (
            "container_throttled_ratio",
            0.4,
            "throttled in more than 10% of its CPU periods in 100% of the readings",
        ),
        ("container_memory_ratio", 0.95, "used more than 90% of its memory limit in 100% of the readings"),
        ("cpu_ratio", 0.95, "used more than 90% of its CPU in 100% of the readings"),
        ("loop_lag_seconds", 0.5, "event loop was over 0.25 s late in 100% of the readings"),
    ],
)
def test_a_worker_at_its_limit_makes_the_run_suspect(gauge: str, value: float, said: str) -> None:
    assert said in reasons("worker-1", gauge, value)
    assert said not in reasons("master:host", gauge, value)


def test_a_worker_that_was_there_for_a_few_seconds_of_a_run_says_too_little() -> None:
    cells = np.array([500]), np.array([100])
    row = FrameRow(FrameKey("GET", "/", ""), 100, 100, 1.0, 0.01, 0.01, 0, *cells)

    def frames(source: str, count: int, lag: float) -> list[Frame]:
        gauges = {"loop_lag_seconds": lag}
        return [Frame(source, seq, 100.0 + seq, (row,), gauges=gauges) for seq in range(1, count + 1)]

    def judged(*made: Frame) -> tuple[str, ...]:
        return judge(build_recording(RunInfo("r", "s", "t"), list(made)), Incidents()).reasons

    assert judged(*frames("stays", 20, 0.0), *frames("leaves", 6, 0.3)) == ()
    assert "event loop" in " ".join(judged(*frames("leaves", 6, 0.3)))


def reasons(source: str, gauge: str, value: float) -> str:
    cells = np.array([500]), np.array([100])
    row = FrameRow(FrameKey("GET", "/", ""), 100, 100, 1.0, 0.01, 0.01, 0, *cells)
    frames = [Frame(source, seq, 100.0 + seq, (row,), gauges={gauge: value}) for seq in range(1, 11)]
    return " ".join(judge(build_recording(RunInfo("r", "s", "t"), frames), Incidents()).reasons)
