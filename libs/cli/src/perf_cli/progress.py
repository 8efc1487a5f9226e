"""Progress of a run on the terminal: one live line, or a line every five seconds where nobody looks on."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from perf_cli.master_client import MasterClient
from perf_core.runstore import RunFolder
from perf_core.units import format_latency, format_share

QUIET_STEP = 5.0


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the master of an open run is reached."""

    url: str
    token: str


def connection_of(folder: RunFolder) -> Connection | None:
    """Return the connection of the run in this folder; None when it is not on."""
    try:
        document = json.loads((folder.path / "master.json").read_bytes())
        return Connection(document["url"], document["token"])
    except (OSError, ValueError, KeyError):
        return None


class Progress:
    """Shows how a run goes."""

    def __init__(self, prefix: str = "") -> None:
        """Show nothing yet."""
        self._prefix, self._shown_at, self._live = prefix, 0.0, sys.stdout.isatty()

    def show(self, master: MasterClient) -> None:
        """Show the figures of now."""
        if self._is_due():
            self.tell(master.get("/perf/run"))

    def tell(self, status: Mapping[str, Any]) -> None:
        """Show these figures, unless the last ones are still fresh."""
        if status["state"] == "idle" or not self._is_due():
            return
        self._shown_at = time.monotonic()
        length = f" / {status['run_time']:.0f} s" if status["run_time"] else " s"
        share = status["failures"] / status["requests"] if status["requests"] else 0.0
        line = (
            f"{self._prefix}{status['state']:<9} {status['elapsed'] or 0:4.0f}{length}  {status['users']} users  "
            f"{status['rate']:.0f} req/s  p95 {format_latency(status['p95'])}  {format_share(share)} failed"
        )
        sys.stdout.write(f"\r{line:<100}" if self._live else line + "\n")
        sys.stdout.flush()

    def _is_due(self) -> bool:
        return self._live or time.monotonic() - self._shown_at >= QUIET_STEP

    def end(self) -> None:
        """Leave the live line."""
        if self._live and self._shown_at:
            sys.stdout.write("\n")
