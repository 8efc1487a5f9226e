"""Runs a program of the image from sources that can be written, and starts it anew when one of them has changed.

For `dev.sources` only. The root file system stays read-only: the packages are copied to a volume, found first there.
"""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

SOURCES = Path("/sources")
PAUSE = 0.3
"""Seconds between two looks at the sources."""
RETRY = 2.0
"""Seconds after which a program that ended by itself is started anew, unless a source changes before."""
END = 10.0
"""Seconds in which the program may end before it is killed for the next one."""


def copy_packages(installed: Path, sources: Path) -> None:
    """Copy our packages to where they can be written; what is there already was changed and stays."""
    for package in installed.glob("perf_*/"):
        if package.suffix or (sources / package.name).exists():
            continue
        part = sources / f".{package.name}.part"
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(package, part, ignore=shutil.ignore_patterns("__pycache__"))
        part.rename(sources / package.name)


def state_of(sources: Path) -> dict[Path, int]:
    """Return every source with the time of its last change, in nanoseconds."""
    found = {}
    for path in sources.rglob("*.py"):
        try:
            found[path] = path.stat().st_mtime_ns
        except FileNotFoundError:
            continue  # removed meanwhile
    return found


class Reloaded:
    """The program, as often as it is started."""

    def __init__(self, command: list[str], sources: Path) -> None:
        """Start the command whenever `start` is called; its packages are found in `sources` first."""
        self._command = command
        self._environment = {**os.environ, "PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1"}
        self.stopping = False
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._environment)  # noqa: S603  the container's own
        self._ended: float | None = None
        if self.stopping:  # SIGTERM came between two programs
            self._process.terminate()

    def stop(self, *_: object) -> None:
        """Hand SIGTERM on: the program ends as it does in a container of its own."""
        self.stopping = True
        self._process.terminate()

    def wait(self) -> int:
        return self._process.wait()

    def is_due(self) -> bool:
        """Say whether the program ended by itself long enough ago."""
        code = self._process.poll()
        if code is not None and self._ended is None:
            print(f"reload: ended with {code}; starts anew in {RETRY:g} s, or with the next change", flush=True)
            self._ended = time.monotonic()
        return self._ended is not None and time.monotonic() - self._ended >= RETRY

    def restart(self) -> None:
        """End the program at once, as Ctrl-C does, and start it anew."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.start()


def main(command: list[str], sources: Path = SOURCES) -> int:
    """Run the command until SIGTERM; return its status."""
    copy_packages(Path(sysconfig.get_paths()["purelib"]), sources)
    before = state_of(sources)
    program = Reloaded(command, sources)
    signal.signal(signal.SIGTERM, program.stop)
    while not program.stopping:
        time.sleep(PAUSE)
        now = state_of(sources)
        if now != before:
            changed = sorted(str(path.relative_to(sources)) for path, _ in now.items() ^ before.items())
            print(f"reload: {', '.join(dict.fromkeys(changed))} changed", flush=True)
        if not program.stopping and (now != before or program.is_due()):
            program.restart()
        before = now
    return program.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
