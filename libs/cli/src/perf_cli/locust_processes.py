"""The Locust processes of one run: a headless master and its workers, each a process of its own."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from perf_cli.processes import Processes
from perf_cli.run_options import RunOptions
from perf_core.errors import UsageError
from perf_core.model.plan import PLAN_VARIABLE, RunPlan
from perf_core.ports import free_port
from perf_core.units import whole_seconds

RAMP = 2.0
"""Seconds in which all users are started when nobody asked for a spawn rate."""
ROLE_VARIABLES = (
    "LOCUST_MODE_MASTER",
    "LOCUST_MODE_WORKER",
    "LOCUST_HEADLESS",
    "LOCUST_HEADFUL",
    "LOCUST_AUTOSTART",
    "LOCUST_AUTOQUIT",
    "LOCUST_PROCESSES",
    "LOCUST_MASTER_NODE_HOST",
    "LOCUST_MASTER_NODE_PORT",
)
"""Variables that would give a process another role than the one it is started for."""
_NO_FILES = ("--html", "", "--csv", "", "--json-file", "")
"""The master writes the files; a worker that is told the same name would write over them."""


def start_locusts(
    processes: Processes, options: RunOptions, plan: RunPlan, variables: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Start master and workers; what was given after `--` comes last on each command line, unchanged."""
    common = [sys.executable, "-m", "perf_locust"]
    common += ["-f", options.locustfile] if options.locustfile else []
    environment: dict[str, str | None] = dict.fromkeys(ROLE_VARIABLES)
    environment |= {PLAN_VARIABLE: plan.to_json(), **options.configuration.exported("mail"), **variables}
    port, workers = options.locust.bind_port or free_port(), str(options.configuration["workers"])
    own = ["--master", "--headless", "--only-summary", "--stop-timeout", "10"]
    own += ["--expect-workers", workers, "--expect-workers-max-wait", "60"]
    own += ["--master-bind-host", "127.0.0.1", "--master-bind-port", str(port)]
    processes.start("master", [*common, *own, *_load(options), *options.locust.arguments], environment)
    join = ["--worker", "--master-host", "127.0.0.1", "--master-port", str(port)]
    for number in range(1, int(workers) + 1):
        command = [*common, *join, *options.locust.arguments, *_NO_FILES]
        processes.start(f"worker-{number}", command, environment)


def check_locustfiles(locustfile: str | None) -> None:
    """Check that the locustfiles are there, before any process is started.

    Raises:
        UsageError: one is not; an address is not looked at.
    """
    for name in (locustfile or "locustfile.py").split(","):
        path = Path(name.strip())
        if "://" in name or path.is_dir() or (path.is_file() and path.suffix == ".py"):
            continue
        what = f"{path} is no Python file" if path.is_file() else f"there is no locustfile {path}"
        raise UsageError(f"{what}; name a .py file or a folder with -f")


def _load(options: RunOptions) -> list[str]:
    configuration = options.configuration
    users, rate, run_time = (configuration.number(name) for name in ("users", "spawn_rate", "run_time"))
    if rate is None and users is not None:
        rate = max(users / RAMP, 1.0)
    host = configuration.text("host")
    arguments = ["-H", host] if host else []
    arguments += ["-u", f"{users:.0f}"] if users else []
    if configuration.text("shape"):
        return arguments  # it says how long, and how fast users are started
    arguments += ["-r", f"{rate:g}"] if rate else []
    return arguments + (["-t", f"{whole_seconds(run_time)}s"] if run_time else [])
