"""Child processes: whoever ends the command ends it, whatever it is doing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from perf_cli.guard import Guard
from perf_cli.processes import Processes, _signal

STARTS = """
import logging, signal, sys  # logging has functions that Python runs with every fork
from perf_cli.processes import Processes
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    with Processes() as parts:
        print("begun", flush=True)
        for _ in range(2000):
            parts.start("part", ["true"]).wait()
            parts.forget("part")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_ending_that_comes_while_a_part_is_started_is_heeded(number: signal.Signals, code: int) -> None:
    for moment in range(8):
        with subprocess.Popen([sys.executable, "-c", STARTS], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "begun\n"
            time.sleep(0.0107 * moment)
            child.send_signal(number)

            assert child.wait(60) == code


def test_a_part_can_be_ended_as_any_process() -> None:
    with Processes() as parts:
        for number in (signal.SIGINT, signal.SIGTERM):
            part = parts.start("part", [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"])
            while "up" not in parts.tail("part"):
                time.sleep(0.02)
            part.send_signal(number)
            assert part.wait(30) != 0
            parts.forget("part")


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something is so, at most half a minute."""
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """Return whether a process runs; one that is dead and that nobody has asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


STUBBORN = """
import signal, sys, time
from perf_cli.processes import Processes
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try:
    with Processes() as parts:
        deaf = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('heard', flush=True)); "
        deaf += "print('up', flush=True); [time.sleep(0.1) for _ in range(600)]"
        part = parts.start("part", [sys.executable, "-c", deaf])
        while "up" not in parts.tail("part"):
            time.sleep(0.02)
        print(part.pid, parts.logs / "part.log", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_ending_leaves_no_part_that_does_not_heed_the_first(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told, log = child.stdout.readline().split()
        part = int(told)
        child.send_signal(number)
        wait_for(lambda: "heard" in Path(log).read_text())  # it waits for its part now
        child.send_signal(number)

        assert child.wait(60) != 0
        with pytest.raises(ProcessLookupError):
            os.kill(part, signal.SIGKILL)


GUARDED = """
import sys, time
from perf_cli.processes import Processes
with Processes(guarded=True) as parts:
    parts.start("part", ["sh", "-c", f"{sys.executable} -c 'import time; time.sleep(60)' & echo $!; wait"])
    while not parts.tail("part").isdigit():
        time.sleep(0.02)
    print(parts.tail("part"), flush=True)
    time.sleep(60)
"""


def test_what_a_guarded_part_started_dies_with_a_command_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", GUARDED], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        started = int(child.stdout.readline())
        child.kill()

    wait_for(lambda: not runs(started))
    assert child.returncode == -signal.SIGKILL


def test_a_guard_that_is_dead_stops_nothing() -> None:
    guard = Guard()
    guard._process.kill()
    guard._process.wait()

    guard.watch(2**22 + 5)
    guard.end()


def test_a_group_that_may_not_be_signalled_keeps_no_other_from_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(group: int, number: int) -> None:
        raise PermissionError(group, number)

    with Processes() as parts:
        part = parts.start("part", [sys.executable, "-c", "import time; time.sleep(60)"])
        with monkeypatch.context() as patch:
            patch.setattr("os.killpg", refused)
            assert not _signal(part, signal.SIGTERM)
    assert part.returncode == -signal.SIGTERM
