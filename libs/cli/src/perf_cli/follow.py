"""Follows the run of a master that was just started: progress until its end, or the sentence it refused with."""

import re
import signal
import time

from perf_cli.master_client import MasterClient
from perf_cli.processes import Processes
from perf_cli.progress import Progress, connection_of
from perf_core.errors import PerfError, UsageError
from perf_core.model.verdict import RunState
from perf_core.runstore import RunFolder

_SENTENCE = "perf-platform: "
"""What our part of the master puts before the one sentence it ends with."""
_USAGE = 2
_LOG_PREFIX = re.compile(r"^\[[^\]]*\] \S+/[A-Z]+/\S+: ")


class RunRefusedError(PerfError):
    """Raised when the master ended before its run did; `exit_code` is the master's."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def follow(processes: Processes, folder: RunFolder, *, wait: float = 0.0) -> bool:
    """Show progress until the run is over; Ctrl-C ends it early and it is judged all the same. Return whether it did.

    Raises:
        PerfError: it did not come to its end; the message is the master's.
    """
    if wait:
        print(f"waiting up to {wait:g} s until the target accepts connections", flush=True)
    master, progress, interrupted = processes.of("master"), Progress(), False
    while master.poll() is None:
        try:
            _one_step(processes, folder, progress)
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            print("stopping: users finish their request, then the run is judged; Ctrl-C again to give up", flush=True)
            master.send_signal(signal.SIGTERM)
    progress.end()
    if not (folder.path / "run.json").is_file():
        if interrupted:
            raise KeyboardInterrupt
        raise refusal(processes)
    if folder.read_info().state is RunState.RUNNING:
        raise refusal(processes)
    return interrupted


def _one_step(processes: Processes, folder: RunFolder, progress: Progress) -> None:
    connection = connection_of(folder)
    if connection is None:
        if not (folder.path / "run.json").is_file():
            _check_workers(processes)
        time.sleep(0.2)
        return
    try:
        progress.show(MasterClient(connection.url, connection.token))
    except PerfError:
        time.sleep(0.2)
    time.sleep(0.3)


def _check_workers(processes: Processes) -> None:
    """A worker that ends before the run began leaves the master waiting in vain."""
    for name in processes.names():
        code = processes.of(name).poll()
        if name != "master" and code and processes.of("master").poll() is None:
            time.sleep(1.0)  # the master most likely ends of the same cause, and says it better
            if processes.of("master").poll() is None:
                raise RunRefusedError(f"{name} ended before the run began: {_last_words(processes, name)}", 5)


def refusal(processes: Processes) -> PerfError:
    """Return the error of a master that ended before its run did."""
    code, words = processes.of("master").returncode, _last_words(processes, "master")
    if words.startswith(_SENTENCE):
        return RunRefusedError(words.removeprefix(_SENTENCE), code if code > 0 else 5)
    if code == _USAGE:
        return UsageError(f"Locust does not accept its options: {words}; see `locust --help`")
    return PerfError(f"Locust ended with status {code} before the run was over: {words}")


def _last_words(processes: Processes, name: str) -> str:
    lines = [line for line in processes.tail(name, 40).splitlines() if line.strip()]
    for line in reversed(lines):
        if line.startswith(_SENTENCE):
            return line
    errors = [line for line in lines if "/ERROR/" in line or "/CRITICAL/" in line or ": error: " in line]
    return _LOG_PREFIX.sub("", (errors or lines or ["its log is empty"])[-1]).strip()
