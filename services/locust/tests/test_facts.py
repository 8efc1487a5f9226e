"""What a run tells about itself at its start."""

from pathlib import Path

import pytest
from locust import User, between, constant, constant_throughput

from perf_locust.facts import pacing_of
from perf_locust.limits import own_limits


def test_the_waiting_of_users_is_told_with_its_numbers() -> None:
    class Buyer(User):
        wait_time = between(0.5, 2)

    class Late(Buyer):
        pass

    class Steady(User):
        wait_time = constant_throughput(4)

    class Own(User):
        def wait_time(self) -> float:
            return 1.0

    assert pacing_of([Steady, Late, Buyer]) == (
        "Buyer between max_wait=2 min_wait=0.5, Late between max_wait=2 min_wait=0.5, "
        "Steady constant_pacing wait_time=0.25"
    )
    assert pacing_of([Own]).endswith("Own.wait_time")
    Buyer.wait_time = constant(3)
    assert pacing_of([Late]) == "Late constant wait_time=3"


VERSION_2 = {
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "1500 1498 0:30 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n",
    "sys/fs/cgroup/cpu.max": "50000 100000\n",
    "sys/fs/cgroup/memory.max": "512000000\n",
}
VERSION_1 = {
    "proc/self/cgroup": "4:memory:/\n3:cpu,cpuacct:/\n",
    "proc/self/mountinfo": (
        "35 32 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "36 32 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    ),
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "512000000\n",
}


@pytest.mark.parametrize("files", [VERSION_2, VERSION_1], ids=["cgroup 2", "cgroup 1"])
def test_the_limits_of_a_container_are_told(files: dict[str, str], tmp_path: Path) -> None:
    assert "memory" not in own_limits(tmp_path)
    assert "0.5" not in own_limits(tmp_path)

    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    assert own_limits(tmp_path) == "cpu 0.5, memory 512.0 MB"
