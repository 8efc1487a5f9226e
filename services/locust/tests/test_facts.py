"""What a run tells about itself at its start."""

from pathlib import Path

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


def test_the_limits_of_a_container_are_told(tmp_path: Path) -> None:
    assert own_limits(tmp_path) == "none" or own_limits(tmp_path).startswith("cpu ")  # this process may be pinned

    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("512000000\n")

    assert own_limits(tmp_path) == "cpu 0.5, memory 512.0 MB"
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert "0.5" not in own_limits(tmp_path)
    assert "memory" not in own_limits(tmp_path)
