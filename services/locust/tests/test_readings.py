"""What rides on every frame of this process and its host."""

import time

import gevent
import locust  # noqa: F401  patches threads, so that to psutil every greenlet is one
import pytest

from perf_locust.readings import Readings


@pytest.fixture
def readings():
    made = Readings()
    yield made
    made.stop()


def test_each_greenlet_reads_the_same_busy_host(readings: Readings) -> None:
    seen = []
    for _ in range(2):
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            pass  # one core is busy
        seen.append(gevent.spawn(readings.take).get())

    for each in seen:
        assert each["cpu_ratio"] > 0.2
        assert 0 < each["host_cpu_ratio"] <= 1


def test_the_first_moment_knows_no_cpu(readings: Readings) -> None:
    assert not {"cpu_ratio", "host_cpu_ratio"} & readings.take().keys()


def test_a_reading_right_after_another_repeats_it(readings: Readings) -> None:
    time.sleep(0.5)
    first = readings.take()

    assert readings.take()["host_cpu_ratio"] == first["host_cpu_ratio"]
