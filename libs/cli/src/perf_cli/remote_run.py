"""`perf-platform run --master URL`: a run on a master that is up already, followed to its verdict.

Ctrl-C stops the run, which is then judged as always; a second one leaves it alone. SIGTERM - a cancelled job - stops
the run too, and does not wait for its verdict: the master judges, reports and mails it without us.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from perf_cli.judging_options import judging_settings
from perf_cli.master_client import MasterClient, MasterRefusedError, MasterSilentError
from perf_cli.packed_baseline import baseline_id
from perf_cli.progress import Progress
from perf_cli.remote import push, report_url
from perf_cli.run_options import RunOptions
from perf_core.errors import PerfError, UsageError
from perf_core.model.verdict import RunState
from perf_core.runstore import RunStore, new_run_id

START = 60.0
"""Seconds in which master and workers must be ready, unless --wait says longer."""
PATIENCE = 300.0
"""Seconds without an answer after which nobody follows any more: a restarted master needs some to close its run."""
_STEP = 0.5
_AT_WORK = ("spawning", "running")
_UNAVAILABLE = 503
_INVALID = 6


def run_remote(master: MasterClient, options: argparse.Namespace, configured: RunOptions) -> dict[str, Any]:
    """Start the run, follow it, and return the master's document of it when it is over.

    Raises:
        UsageError: an option is of no use here.
        PerfError: it cannot be started (the message names the run that is on, if one is), or is lost sight of.
    """
    if configured.configuration["repeat"] != 1:
        raise UsageError("--repeat starts runs here; with --master start them one by one and compare them as a set")
    if options.locustfile or options.rest:
        raise UsageError("with --master the locustfile and Locust's options are the master's; leave -f and -- out")
    if configured.configuration.text("shape"):
        raise UsageError("with --master the load shape is the master's; leave --shape out")
    body = start_body(configured)
    if "baseline" in body:
        body["baseline"] = _handed_over(master, body["baseline"])
    run_id = body["run_id"]
    _start(master, body, configured.configuration.number("wait") or 0.0)
    print(f"run {run_id} is on at {master.url}", flush=True)
    try:
        return _follow(master, run_id)
    except KeyboardInterrupt:
        sys.stderr.write(f"run {run_id} stays on the master; see: perf-platform runs --master {master.url}\n")
        raise
    except SystemExit:
        _stop(master, run_id)
        sys.stderr.write(f"run {run_id} is stopped; the master judges it: {report_url(master, run_id)}\n")
        raise


def _handed_over(master: MasterClient, choice: str) -> str:
    """Return the baseline as the master knows it; a packed run is given to the master."""
    with tempfile.TemporaryDirectory(prefix="perf-platform-") as folder:
        store = RunStore(Path(folder))
        known = str(baseline_id(store, choice))
        for info in store.list():
            push(master, store.folder(info.id))
    return known


def start_body(configured: RunOptions) -> dict[str, Any]:
    """Return what the master is asked for; what nobody set is left to it."""
    configuration = configured.configuration
    users, rate, run_time = (configuration.number(name) for name in ("users", "spawn_rate", "run_time"))
    wanted: dict[str, Any] = {
        "run_id": new_run_id(),
        "users": None if users is None else int(users),
        "spawn_rate": rate,
        "run_time": run_time,
        "host": configuration.text("host"),
        "scenario": configuration.text("scenario"),
        "baseline": configuration.text("baseline"),
        "metrics_controller": configuration.text("target.metrics_controller"),
        "labels": {name: str(value) for name, value in configuration.table("labels").items()} or None,
        "thresholds": {f"thresholds.{name}": str(text) for name, text in configuration.table("thresholds").items()},
        "policy": judging_settings(configuration) or None,
        "strict": True if configuration["strict"] else None,
    }
    if configuration.settings["workers"].source != "default":
        wanted["workers"] = configuration["workers"]
    return {name: value for name, value in wanted.items() if value is not None}


def _start(master: MasterClient, body: dict[str, Any], wait: float) -> None:
    """Start it as soon as master and workers are ready, and the target within `wait` seconds."""
    began, said = time.monotonic(), ""
    while True:
        try:
            master.post("/perf/run/start", body)
        except (MasterSilentError, MasterRefusedError) as cause:
            if isinstance(cause, MasterSilentError) and _is_on(master, body["run_id"]):
                return  # it was only the answer that got lost
            if time.monotonic() - began >= _patience(cause, wait):
                raise
            if str(cause) != said:
                said = str(cause)
                print(f"waiting: {said}", flush=True)
            time.sleep(1.0)
        else:
            return


def _patience(cause: MasterSilentError | MasterRefusedError, wait: float) -> float:
    """Return for how many seconds in all it is worth trying again."""
    if isinstance(cause, MasterSilentError) or cause.status == _UNAVAILABLE:
        return max(wait, START)
    return wait if cause.exit_code == _INVALID else 0.0


def _is_on(master: MasterClient, run_id: str) -> bool:
    try:
        return bool(master.get("/perf/run")["run_id"] == run_id)
    except PerfError:
        return False


def _follow(master: MasterClient, run_id: str) -> dict[str, Any]:
    progress, stopped, heard = Progress(), False, time.monotonic()
    while True:
        try:
            document = _one_step(master, run_id, progress, stop=stopped)
            heard = time.monotonic()
            if document is not None:
                progress.end()
                return document
        except MasterSilentError as cause:
            if time.monotonic() - heard > PATIENCE:
                raise PerfError(f"{cause} run {run_id} may still be on, or is judged when it is back") from cause
            time.sleep(2 * _STEP)
        except KeyboardInterrupt:
            if stopped:
                raise
            stopped = True
            print("stopping: users finish their request, then the run is judged; Ctrl-C again to leave", flush=True)


def _one_step(master: MasterClient, run_id: str, progress: Progress, *, stop: bool) -> dict[str, Any] | None:
    """Show how the run goes, or stop it; return its document when it is over."""
    status = master.get("/perf/run")
    if status["run_id"] == run_id:
        progress.tell(status)
        if stop and status["state"] in _AT_WORK:
            _stop(master, run_id)
    else:
        document = master.get(f"/perf/runs/{run_id}")
        if _is_over(document["info"]):
            return document
    time.sleep(_STEP)
    return None


def _is_over(info: dict[str, Any]) -> bool:
    """A run that its master's death interrupted is over when the next master has gone through its end."""
    stored = any(step["name"] == "store" and step["ok"] for step in info["finish_steps"])
    return info["state"] == RunState.FINISHED or (info["state"] == RunState.INTERRUPTED and stored)


def _stop(master: MasterClient, run_id: str) -> None:
    try:
        master.post("/perf/run/stop", {"run_id": run_id})
    except PerfError as cause:
        sys.stderr.write(f"perf-platform: {cause}\n")
