"""The facts of a run as Locust's options tell them."""

import hashlib
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from locust import User
from locust.env import Environment
from locust.runners import MasterRunner

from perf_core.model.plan import GUARD, RunPlan
from perf_core.model.run import RunInfo
from perf_core.runstore import new_run_id
from perf_locust.file_shape import FileShape
from perf_locust.open_users import open_classes
from perf_locust.samplers.registry import REGISTRY

WAIT_TIMES = "locust.user.wait_time"
PACING_LENGTH = 500


def target_of(environment: Environment) -> str:
    """Return the base URL under load: Locust's host, else the one the user classes name, else nothing."""
    hosts = {str(user.host) for user in environment.user_classes if user.host}
    return environment.host or ", ".join(sorted(hosts))


def scenario_of(environment: Environment, plan: RunPlan) -> str:
    """Return the plan's scenario, else the stems of the locustfiles."""
    files = environment.parsed_locustfiles or ([environment.locustfile] if environment.locustfile else [])
    return plan.scenario or "+".join(Path(file).stem for file in files) or "locustfile"


def run_facts(environment: Environment, plan: RunPlan, users: int, spawn_rate: float) -> RunInfo:
    """Return what is known of a run at its start."""
    options = environment.parsed_options
    shape = _shape_of(environment)
    run_time = getattr(options, "run_time", None)
    return RunInfo(
        id=plan.run_id or new_run_id(),
        scenario=scenario_of(environment, plan),
        target=target_of(environment),
        started=time.time(),
        users=0 if shape else users,
        spawn_rate=0.0 if shape else spawn_rate,
        run_time=None if shape or run_time is None else float(run_time),
        workers=_workers(environment),
        labels=dict(plan.labels),
        thresholds=GUARD | plan.thresholds,
        policy=dict(plan.policy),
        repeats=tuple(plan.repeats),
        quiet=plan.quiet,
        fingerprint=_fingerprint(environment, users, shape) | _version(plan) | plan.fingerprint,
    )


def _workers(environment: Environment) -> int:
    runner = environment.runner
    return len(runner.clients.all) if isinstance(runner, MasterRunner) else 1


def _fingerprint(environment: Environment, users: int, shape: str) -> dict[str, str]:
    locust_version = metadata.version("locust")
    data = {"data_hash": REGISTRY.digest} if REGISTRY.digest else {}
    return data | {
        "users": str(users) if not shape else "",
        "shape": shape,
        **_load_model(environment),
        "pacing": pacing_of(environment.user_classes),
        "workers": str(_workers(environment)),
        "locustfile_hash": _hash_of(environment),
        "locust_minor": ".".join(locust_version.split(".")[:2]),
        "locust_version": locust_version,
        "plugin_version": metadata.version("perf-locust"),
        "target": target_of(environment),
    }


def _load_model(environment: Environment) -> dict[str, str]:
    opened = open_classes(environment.user_classes)
    if not opened:
        return {"load_model": "closed"}
    kind = "open" if len(opened) == len(environment.user_classes) else "open and closed"
    return {"load_model": kind, "arrival_rate": ", ".join(str(each.arrivals) for each in opened)}


def _shape_of(environment: Environment) -> str:
    """Return a shape of a file in words, another one by its class; nothing without one."""
    shape = environment.shape_class
    return str(shape) if isinstance(shape, FileShape) else (type(shape).__name__ if shape else "")


def pacing_of(user_classes: Iterable[type[User]]) -> str:
    """Return how users wait between tasks, as text: ``Buyer constant wait_time=1``."""
    return ", ".join(sorted(f"{user.__name__} {_wait_of(user)}" for user in user_classes))[:PACING_LENGTH]


def _wait_of(user: type[User]) -> str:
    """Return Locust's name of a wait time with its numbers, which it keeps in a closure; else the function's name."""
    wait = user.__dict__.get("wait_time") or getattr(user, "wait_time", None)
    wait = getattr(wait, "__wrapped__", wait)  # pacing that is set later stands before it
    name = getattr(wait, "__qualname__", "")
    if getattr(wait, "__module__", "") != WAIT_TIMES:
        return name or "none"
    names = getattr(getattr(wait, "__code__", None), "co_freevars", ())
    cells = zip(names, getattr(wait, "__closure__", None) or (), strict=False)
    return " ".join([name.partition(".")[0], *(f"{each}={cell.cell_contents}" for each, cell in cells)])


def _version(plan: RunPlan) -> dict[str, str]:
    """Return the version of the target that a label declares."""
    return {"version": plan.labels["version"]} if plan.labels.get("version") else {}


def _hash_of(environment: Environment) -> str:
    digest = hashlib.sha256()
    for name in sorted(environment.parsed_locustfiles or []):
        path = Path(name)
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
