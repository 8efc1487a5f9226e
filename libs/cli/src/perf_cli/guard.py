"""Ends what a command started when the command was killed: after SIGKILL nobody else can."""

import contextlib
import subprocess
import sys

_GUARD = """
import contextlib, os, signal, sys, time
groups = [int(line) for line in sys.stdin]  # the end comes when the command is gone
for number in (signal.SIGTERM, signal.SIGKILL):
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
    if groups and number == signal.SIGTERM:
        time.sleep(3.0)
"""


class Guard:
    """A process of its own that ends process groups as soon as this process is gone."""

    def __init__(self) -> None:
        """Start it."""
        command = [sys.executable, "-I", "-S", "-c", _GUARD]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # whoever reads ours must not wait for it
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """Know one more group."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(f"{group}\n")
                self._process.stdin.flush()

    def end(self) -> None:
        """Go: the groups were ended."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
