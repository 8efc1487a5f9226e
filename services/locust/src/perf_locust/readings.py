"""Readings of the process, its container and its host that ride on every frame: CPU, event-loop lag, memory, I/O."""

import time

import gevent
import psutil

from perf_locust.container import ContainerReadings, own_container

TICK = 0.02
"""Seconds between two looks at the event loop; the lag of a tick is how much later it came."""

SHORTEST = 0.4
"""Seconds below which a CPU reading says more about the clock than about the load; the last one, if any, is kept."""


class LoopLag:
    """Watches the event loop: how late a timer of `TICK` seconds comes."""

    def __init__(self) -> None:
        """Begin to watch."""
        self._worst = 0.0
        self._greenlet = gevent.spawn(self._watch)

    def take(self) -> float:
        """Return the worst lag in seconds since the last call."""
        worst, self._worst = self._worst, 0.0
        return worst

    def stop(self) -> None:
        """Watch no longer."""
        self._greenlet.kill(block=False)

    def _watch(self) -> None:
        before = time.perf_counter()
        while True:
            gevent.sleep(TICK)
            now = time.perf_counter()
            self._worst = max(self._worst, now - before - TICK)
            before = now


class HostCpu:
    """CPU of all cores together since the last reading.

    psutil's own `cpu_percent` remembers a reading per thread, and under gevent every greenlet is one: the first
    reading of each would be 0.
    """

    def __init__(self) -> None:
        """Take the reading that the next one is relative to."""
        self._last = _busy_and_total()

    def take(self) -> float:
        """Return the busy share of all cores, 0 to 1."""
        last, self._last = self._last, _busy_and_total()
        busy, total = (now - before for now, before in zip(self._last, last, strict=True))
        return min(max(busy / total, 0.0), 1.0) if total > 0 else 0.0


def _busy_and_total() -> tuple[float, float]:
    """Return the CPU seconds of all cores since the host's start; guests are in `user` already."""
    times = psutil.cpu_times()._asdict()
    total = sum(seconds for name, seconds in times.items() if not name.startswith("guest"))
    return total - times["idle"] - times.get("iowait", 0.0), total


class Readings:
    """Reads this process, its container and its host; CPU is a ratio since the last reading.

    1.0 is one core for the process, all cores for the host, the limit for the container. The name of a gauge says
    whose reading it is: `host_`, `container_`, or neither for the process.
    """

    def __init__(self) -> None:
        """Take the reading that the first one is relative to."""
        self._process, self._host = psutil.Process(), HostCpu()
        self._lag = LoopLag()
        self._process.cpu_percent(None)
        self._cpu: dict[str, float] = {}
        self._read_at = time.monotonic()
        container = own_container()
        self._container = ContainerReadings(container) if container is not None else None

    def take(self) -> dict[str, float]:
        """Return the readings by gauge name; what the system does not offer, or CPU not known yet, is left out."""
        memory = psutil.virtual_memory()
        self._read_cpu()
        readings = self._cpu | {
            "loop_lag_seconds": self._lag.take(),
            "memory_bytes": float(self._process.memory_info().rss),
            "host_memory_used_bytes": float(memory.total - memory.available),
        }
        if self._container is None:
            return readings | _network("host") | _disk()
        return readings | _network("container") | _disk() | self._container.take()

    def _read_cpu(self) -> None:
        now = time.monotonic()
        if now - self._read_at > SHORTEST:
            self._cpu = {"cpu_ratio": self._process.cpu_percent(None) / 100, "host_cpu_ratio": self._host.take()}
            self._read_at = now

    def stop(self) -> None:
        """Stop watching the event loop."""
        self._lag.stop()


def _network(scope: str) -> dict[str, float]:
    """Return what `/proc/net` counts: a container has a network of its own."""
    counters = psutil.net_io_counters()
    if counters is None:
        return {}
    return {
        f"{scope}_network_received_bytes": float(counters.bytes_recv),
        f"{scope}_network_sent_bytes": float(counters.bytes_sent),
    }


def _disk() -> dict[str, float]:
    try:
        counters = psutil.disk_io_counters()
    except (OSError, RuntimeError):  # containers without /proc/diskstats
        return {}
    if counters is None:
        return {}
    return {
        "host_disk_read_bytes": float(counters.read_bytes),
        "host_disk_written_bytes": float(counters.write_bytes),
    }
