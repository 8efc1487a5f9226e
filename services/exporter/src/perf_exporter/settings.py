"""Settings of the exporter: flags beat the environment; checked once, at the start."""

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from perf_core.errors import UsageError
from perf_core.units import parse_duration
from perf_exporter.master_door import Address
from perf_exporter.plain_stats import OTHER

T = TypeVar("T")
EXAMPLES = """examples:
  perf-exporter --master http://127.0.0.1:8089
  PERF_MASTER_TOKEN=... perf-exporter --master http://locust-master:8089 --host 0.0.0.0
  perf-exporter --runs runs                                    # the master of the run that is on, also headless
  PERF_WEB_USER=ann PERF_WEB_PASSWORD=... perf-exporter --master https://load.example/locust --compat

Give Prometheus a scrape interval of 5 s: runs are short. A plain Locust without our plugin is served too, with what
its statistics have: counters, but no distribution. Secrets come from the environment only."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings.

    Attributes:
        master: base URL of the master; None = of the run that is on in `runs`.
        runs: folder of the runs, where an open run says where its master is.
        host: address to listen on; this machine only unless told otherwise.
        port: port to listen on; 0 = a free one. 9646 is what Locust's exporters are known to use.
        timeout: seconds a scrape waits for the master; below the 5 s between two scrapes.
        keep: seconds the series of a finished run stay.
        most: endpoints with series of their own; more are summed up in one called other.
        compat: also the names of the ContainerSolutions exporter.
        token: bearer token of our masters.
        user: of a plain Locust's login page.
        password: of that user.
    """

    master: str | None
    runs: Path
    host: str
    port: int
    timeout: float
    keep: float
    most: int
    compat: bool
    token: str
    user: str
    password: str

    @property
    def address(self) -> Address | None:
        """Where the master is; None when the open run tells it."""
        return None if self.master is None else Address(self.master, self.token, self.user, self.password)


def read_settings(arguments: list[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings.

    Raises:
        UsageError: one makes no sense; the message names the flag and the variable.
        SystemExit: the command line is wrong, or only help was wanted.
    """
    options = _parser().parse_args(arguments)

    def of(name: str, variable: str, parse: Callable[[str], T], default: str, what: str) -> T:
        text = getattr(options, name) or environment.get(variable) or default
        try:
            return parse(text)
        except (ValueError, UsageError) as cause:
            raise UsageError(f"{text!r} is not {what}; correct --{name.replace('_', '-')} or {variable}") from cause

    runs, master = options.runs, options.master
    if not runs and not master:
        master = environment.get("PERF_MASTER_URL") or None
        runs = environment.get("PERF_RUNS_DIR")
    if not runs and not master:
        raise UsageError("no master is named; add --master URL (PERF_MASTER_URL) or --runs FOLDER (PERF_RUNS_DIR)")
    return Settings(
        master=_url(master) if master else None,
        runs=Path(runs or "runs"),
        host=of("host", "PERF_EXPORTER_HOST", str, "127.0.0.1", "an address"),
        port=of("port", "PERF_EXPORTER_PORT", _port, "9646", "a port from 0 to 65535"),
        timeout=of("timeout", "PERF_EXPORTER_TIMEOUT", parse_duration, "4s", "a duration like 4s"),
        keep=of("keep", "PERF_EXPORTER_KEEP", parse_duration, "5m", "a duration like 5m"),
        most=of("max_endpoints", "PERF_EXPORTER_MAX_ENDPOINTS", _count, "500", "a whole number of at least 1"),
        compat=options.compat or of("compat", "PERF_EXPORTER_COMPAT", _switch, "0", "1 or 0"),
        token=environment.get("PERF_MASTER_TOKEN", ""),
        user=environment.get("PERF_WEB_USER", ""),
        password=environment.get("PERF_WEB_PASSWORD", ""),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "perf-exporter",
        description="Serve the metrics of a Locust master to Prometheus, with real histograms and counters.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--master", metavar="URL", help="base URL of the master's web server (PERF_MASTER_URL)")
    parser.add_argument(
        "--runs",
        metavar="FOLDER",
        help="instead: ask the master of the run that is on in this folder (PERF_RUNS_DIR)",
    )
    parser.add_argument("--host", help="address to listen on (PERF_EXPORTER_HOST, default: 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on, 0 = a free one (PERF_EXPORTER_PORT, default: 9646)")
    parser.add_argument(
        "--timeout", help="longest wait for the master, e.g. 4s; Prometheus may ask for less (PERF_EXPORTER_TIMEOUT)"
    )
    parser.add_argument(
        "--keep", help="how long series of a finished run stay, e.g. 5m (PERF_EXPORTER_KEEP, default: 5m)"
    )
    parser.add_argument(
        "--max-endpoints",
        metavar="N",
        help=f"endpoints with series of their own, the rest is one called {OTHER} "
        "(PERF_EXPORTER_MAX_ENDPOINTS, default: 500)",
    )
    parser.add_argument(
        "--compat",
        action="store_true",
        default=None,
        help="also the metric names of ContainerSolutions/locust_exporter (PERF_EXPORTER_COMPAT=1)",
    )
    return parser


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{text!r} is not an http URL; correct --master or PERF_MASTER_URL")
    return text.rstrip("/")


def _port(text: str) -> int:
    if not 0 <= int(text) <= 65535:
        raise ValueError(text)
    return int(text)


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _switch(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]
