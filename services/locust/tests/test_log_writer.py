"""The writer of a run's log, on a volume that stands still for a while."""

from pathlib import Path

import pytest
from gevent import monkey

from perf_core.runstore.frame_log import append, scan
from perf_locust import log_writer
from perf_locust.log_writer import LogWriter

sleep = monkey.get_original("time", "sleep")  # in a native thread, as a disk does


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log whose volume takes 0.4 s for a write."""

    def slowly(path: Path, good: int, data: bytes) -> int:
        sleep(0.4)
        return append(path, good, data)

    monkeypatch.setattr(log_writer, "append", slowly)
    return tmp_path / "frames.log"


def written(log: Path) -> list[bytes]:
    return list(scan(log).payloads)


def test_a_slow_volume_is_waited_for_at_the_end(log: Path) -> None:
    writer = LogWriter(log, elements=1, seconds=60)
    durable: list[bytes] = []
    for frame in (b"first", b"second"):
        writer.append(frame, 1, lambda frame=frame: durable.append(frame))  # type: ignore[misc]
        assert not writer.flush(0.05)

    assert writer.close() == []
    assert durable == written(log) == [b"first", b"second"]


def test_what_a_write_on_its_way_writes_counts_as_written(log: Path) -> None:
    writer = LogWriter(log, elements=1, seconds=60)
    writer.append(b"first", 1, int)
    assert not writer.flush(0.05)
    writer.append(b"second", 1, int)
    writer.error = "refused before"  # so that nothing more is begun

    left = writer.close()
    sleep(1)

    assert (written(log), left) == ([b"first"], [b"second"])
