"""Child processes that have a name and a log, and never outlive the command that started them."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from perf_cli.guard import Guard
from perf_core.errors import PerfError

_PR_SET_PDEATHSIG = 1
ORPHANS = 3.0
"""Seconds that what a part has started may outlive it."""


class PartDiedError(PerfError):
    """Raised when a part that should run has ended; the message has the last lines of its log."""


def check_port(port: int, flag: str) -> int:
    """Return the loopback port when nobody listens on it.

    Raises:
        PerfError: somebody does; the remedy names the flag that chooses another.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as cause:
            raise PerfError(f"port {port} is taken; end what listens there, or choose another with {flag}") from cause
    return port


class Processes:
    """A group of child processes, each in a session of its own so that Ctrl-C reaches only the command."""

    def __init__(self, *, guarded: bool = False) -> None:
        """Begin with none; logs go to a temporary folder. What `guarded` parts start dies with us even of SIGKILL."""
        self.logs = Path(tempfile.mkdtemp(prefix="perf-platform-"))
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        with _endings_wait():
            self._guard = Guard() if guarded else None

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str | None] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a part with these variables changed, None = unset; on Linux the kernel ends it when we die."""
        changed = {**os.environ, **(environment or {})}
        with (self.logs / f"{name}.log").open("wb") as log, _endings_wait() as mask:
            child = self._children[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in changed.items() if value is not None},
                start_new_session=True,
                preexec_fn=partial(_in_child, mask),  # noqa: PLW1509  no threads here
            )
            if self._guard is not None:
                self._guard.watch(child.pid)
        return child

    def of(self, name: str) -> subprocess.Popen[bytes]:
        """Return a part's process."""
        return self._children[name]

    def names(self) -> tuple[str, ...]:
        """Return the names of all parts."""
        return tuple(self._children)

    def forget(self, name: str) -> None:
        """Watch a part no longer: it has done its work."""
        del self._children[name]

    def tail(self, name: str, lines: int = 12) -> str:
        """Return the last lines of a part's log."""
        text = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:]) or "(its log is empty)"

    def check(self, *names: str) -> None:
        """Check that parts still run, by default all.

        Raises:
            PartDiedError: one does not.
        """
        for name in names or tuple(self._children):
            code = self._children[name].poll()
            if code is not None:
                raise PartDiedError(f"{name} ended with status {code}; its last lines were:\n{self.tail(name)}")

    def stop(self, seconds: float = 15.0) -> None:
        """End all with whatever they started: SIGTERM, then SIGKILL for what is left; at once on another Ctrl-C."""
        try:
            self._ask_to_end(seconds)
        finally:
            with _endings_wait():
                for child in self._children.values():
                    _signal(child, signal.SIGKILL)
                    child.wait()
                if self._guard is not None:
                    self._guard.end()

    def _ask_to_end(self, seconds: float) -> None:
        for child in self._children.values():
            _signal(child, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        for child in self._children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(deadline - time.monotonic(), 0.1))
        orphans = min(deadline, time.monotonic() + ORPHANS)
        for child in self._children.values():
            while time.monotonic() < orphans and _signal(child, 0):
                time.sleep(0.05)

    def __enter__(self) -> Self:
        """Return the group."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all; the logs stay when something went wrong."""
        self.stop()
        if error is None or not isinstance(error, Exception):
            shutil.rmtree(self.logs, ignore_errors=True)


def _signal(child: subprocess.Popen[bytes], number: int) -> bool:
    """Send a signal to a part and what it started, even if it has ended itself; return whether any is left."""
    child.poll()
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):  # the latter of another user's: nothing can be done
        return False
    return True


@contextlib.contextmanager
def _endings_wait() -> Iterator[set[signal.Signals]]:
    """Let Ctrl-C, SIGTERM and SIGHUP wait, and give the mask that was before.

    Python forgets one that comes while it forks: what is raised in its functions after a fork is only printed. And a
    part that was started a moment ago must be known to whoever ends all.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield {signal.Signals(each) for each in before}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_child(mask: set[signal.Signals]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
