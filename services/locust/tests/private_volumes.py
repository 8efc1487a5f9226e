"""Small volumes in a mount namespace of their own: to be filled and made read-only where nobody else sees them."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = bytes(1 << 16)


@dataclass(frozen=True)
class PrivateVolumes:
    """A process that holds the namespace."""

    holder: int

    def enter(self, folder: Path) -> tuple[str, ...]:
        """The command before a command that is to run inside, in a folder as it is there."""
        user = () if os.geteuid() == 0 else ("-U", "--preserve-credentials")
        there = ("sh", "-c", 'cd "$0" && exec "$@"', str(folder))
        return ("nsenter", "-t", str(self.holder), *user, "-m", "--", *there)

    def seen(self, folder: Path) -> Path:
        """Where a folder as it is inside is found from outside."""
        return Path(f"/proc/{self.holder}/root{folder}")

    def mount(self, folder: Path, size: str) -> None:
        folder.mkdir()
        self._run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))

    def fill(self, folder: Path) -> None:
        with contextlib.suppress(OSError), (self.seen(folder) / "filler").open("wb", buffering=0) as filler:
            while filler.write(_BLOCK):
                pass

    def free(self, folder: Path) -> None:
        (self.seen(folder) / "filler").unlink()

    def make_read_only(self, folder: Path) -> None:
        self._run("mount", "--bind", str(folder), str(folder))
        self._run("mount", "-o", "remount,bind,ro", str(folder))

    def make_writable(self, folder: Path) -> None:
        self._run("umount", str(folder))

    def _run(self, *command: str) -> None:
        subprocess.run([*self.enter(Path("/")), *command], check=True)


@contextlib.contextmanager
def private_volumes() -> Iterator[PrivateVolumes]:
    """Give a namespace; its volumes go with it."""
    root = () if os.geteuid() == 0 else ("-r",)
    with subprocess.Popen(
        ["unshare", *root, "-m", "sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        yield PrivateVolumes(holder.pid)
        holder.kill()
