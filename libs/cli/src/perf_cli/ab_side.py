"""One side of an interleaved test: its service, if we start it, and the Locust that loads it."""

import shlex
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, replace

from perf_cli.configuration import Configuration, Setting
from perf_cli.follow import RunRefusedError, refusal
from perf_cli.locust_processes import start_locusts
from perf_cli.master_client import MasterClient
from perf_cli.processes import Processes
from perf_cli.progress import connection_of
from perf_cli.run_options import RunOptions
from perf_core.errors import PerfError, UsageError
from perf_core.model.plan import RunPlan
from perf_core.model.run import RunInfo
from perf_core.model.verdict import RunState, Validity
from perf_core.ports import free_port
from perf_core.runstore import RunFolder

PORT = "{port}"
ALONE_IS_NO_NEWS = {"PERF_NOTIFY_ON": "change"}
"""People are told of the test's verdict, not of the runs it is made of."""
FINISHING = 120.0
"""Seconds in which a master drains its workers and writes its run."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side: "baseline" or "current", the service it loads, its Locust processes and its run."""

    name: str
    host: str
    processes: Processes
    folder: RunFolder

    def begin(self, options: RunOptions, plan: RunPlan) -> None:
        """Start its Locust."""
        own = Configuration(
            options.configuration.settings,
            {"host": Setting(self.host, f"--{self.name}-host"), "run_time": Setting(None, "the blocks")},
        )
        start_locusts(self.processes, replace(options, configuration=own), plan, ALONE_IS_NO_NEWS)

    def status(self) -> dict[str, object] | None:
        """Return what its master says; None when it cannot be asked yet, or any more."""
        master = self.master
        try:
            return None if master is None else master.get("/perf/run")
        except PerfError:
            return None

    def check(self) -> None:
        """Check that its Locust still runs.

        Raises:
            PerfError: it has ended; the message says why.
        """
        if self.over():
            raise self._ended_early()

    def over(self) -> bool:
        """Return whether its Locust has ended the run by itself."""
        return self.processes.of("master").poll() is not None

    @property
    def master(self) -> MasterClient | None:
        """The master, while its run is on."""
        connection = connection_of(self.folder)
        return None if connection is None else MasterClient(connection.url, connection.token)

    def end(self) -> None:
        """Ask the master to stop its users, drain its workers and write the run."""
        if not self.over():
            self.processes.of("master").send_signal(signal.SIGTERM)

    def result(self) -> RunInfo:
        """Wait for the end of the run and return its facts.

        Raises:
            PerfError: it did not come to its end.
        """
        try:
            self.processes.of("master").wait(FINISHING)
        except subprocess.TimeoutExpired as cause:
            raise PerfError(f"the {self.name} run did not end; see the logs in {self.processes.logs}") from cause
        if not (self.folder.path / "run.json").is_file() or self.folder.read_info().state is RunState.RUNNING:
            raise refusal(self.processes)
        return self.folder.read_info()

    def _ended_early(self) -> PerfError:
        info = self.folder.read_info() if (self.folder.path / "run.json").is_file() else None
        if info is None or info.state is RunState.RUNNING:
            return refusal(self.processes)
        why = "; ".join(info.validity_reasons) or "its users had nothing left to do"
        return RunRefusedError(f"the {self.name} run ended too early: {why}", 6 if _is_invalid(info) else 5)


def start_service(services: Processes, name: str, command: str) -> str:
    """Start a service on a free port and return its base URL.

    Raises:
        UsageError: the command does not say where the port belongs, or cannot be started.
    """
    if PORT not in command:
        raise UsageError(f"--{name}-cmd has no {PORT}; write it like --{name}-cmd 'serve --port {PORT}'")
    port = free_port()
    try:
        words = [word.replace(PORT, str(port)) for word in shlex.split(command)]
        services.start(name, words)
    except (OSError, ValueError) as cause:
        raise UsageError(f"--{name}-cmd cannot be started ({cause}); check the command") from cause
    return f"http://127.0.0.1:{port}"


def await_services(services: Processes, hosts: dict[str, str], seconds: float) -> None:
    """Wait until the services that we started accept connections.

    Raises:
        PartDiedError: one ended; the message has its last lines.
        PerfError: one does not answer in time.
    """
    deadline = time.monotonic() + seconds
    for name in services.names():
        address = ("127.0.0.1", int(hosts[name].rpartition(":")[2]))
        while not _accepts(address):
            services.check()
            if time.monotonic() > deadline:
                raise PerfError(
                    f"{name} does not answer on port {address[1]} after {seconds:.0f} s; its last lines were:\n"
                    f"{services.tail(name)}"
                )
            time.sleep(0.1)
    services.check()


def _accepts(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=1.0):
            return True
    except OSError:
        return False


def _is_invalid(info: RunInfo) -> bool:
    return info.validity is Validity.INVALID
