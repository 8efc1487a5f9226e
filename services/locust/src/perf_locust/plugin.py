"""The composition root: which part of the plugin a Locust process gets, wired to Locust's events."""

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import gevent
from locust import runners
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from perf_core.errors import PerfError, UsageError
from perf_locust.arrival_office import ArrivalOffice
from perf_locust.block_gate import BLOCKS, BlockGate
from perf_locust.conductor import Conductor
from perf_locust.control import serve_headless
from perf_locust.data_events import DataEvents
from perf_locust.early_requests import EarlyRequests
from perf_locust.end_signals import EndSignals
from perf_locust.facts import target_of
from perf_locust.file_shape import FileShape
from perf_locust.last_words import leave
from perf_locust.lease_desk import LeaseDesk, begin_alone
from perf_locust.lease_office import LeaseOffice
from perf_locust.local_side import LocalSide
from perf_locust.master_side import MasterSide
from perf_locust.metrics_switch import MetricsSwitch
from perf_locust.old_seconds import OldSeconds
from perf_locust.open_users import OpenUsers, open_classes
from perf_locust.own_section import rewrite_html_file
from perf_locust.pace_desk import PaceDesk
from perf_locust.pace_receiver import PaceReceiver
from perf_locust.paced_users import PacedUsers
from perf_locust.preflight import TargetUnreachableError, wait_for_target
from perf_locust.samplers.registry import REGISTRY
from perf_locust.search import Search
from perf_locust.settings import Settings
from perf_locust.shape_file import LoadShape
from perf_locust.web_ui import extend
from perf_locust.worker_side import WorkerSide


class InterruptedRunError(PerfError):
    """Raised when a headless master finds workers of a run that its predecessor left open."""

    exit_code = 4


SUPPORTED = ((2, 43), (3, 0))
"""Locust versions from the first up to, not including, the second."""
STOP_TIMEOUT = 10.0
"""Seconds in which users may finish their running request where Locust was told nothing, so that it is recorded."""
REACH = 45
"""Heartbeats, one a second, that a worker may miss before Locust takes its users away: stock Locust ends a whole run
after three. A worker that is known to be dead is given up at once all the same."""
MASTER_PATIENCE = 600
"""Seconds that a worker waits for its master to come back; its users are stopped much earlier."""
_MARK = "_perf_locust"


def register(environment: Environment, early: EarlyRequests | None = None) -> None:
    """Make this Locust record, judge and report its runs; call it from an `init` listener, as often as you like.

    `early` holds what a worker asked before; without it, that is lost when a worker joins a run that is on.

    Raises:
        UsageError: a setting makes no sense, or this Locust is not supported.
    """
    if getattr(environment, _MARK, None) is not None:
        return
    check_version(metadata.version("locust"))
    settings = Settings.from_environment()
    runners.WORKER_REPORT_INTERVAL = settings.report_seconds
    runners.HEARTBEAT_LIVENESS = REACH
    runners.MASTER_HEARTBEAT_TIMEOUT = MASTER_PATIENCE
    _check_users(environment, settings)
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        EndSignals(environment)
        LeaseDesk(environment, runner, REGISTRY, settings.spool_dir)
        setattr(environment, _MARK, WorkerSide(environment, runner, settings, early, OpenUsers(environment)))
        if settings.plan.interleaved:
            runner.register_message(BLOCKS, BlockGate(environment.user_classes).on_blocks)
        else:
            PaceReceiver(environment, runner, PacedUsers(environment, REGISTRY))
        return
    if early is not None:
        early.hand_over(None)  # only workers have users before this
    environment.stop_timeout = environment.stop_timeout or STOP_TIMEOUT
    OldSeconds(environment)
    conductor = Conductor(environment, settings)
    setattr(environment, _MARK, conductor)
    switch = MetricsSwitch(conductor)
    environment.events.test_stop.add_listener(switch.on_test_stop)  # first: judging a run takes seconds
    shape = _use_shape(environment, conductor)
    EndSignals(environment)
    open_rate: Callable[[float | None], None] | None = None
    if isinstance(runner, MasterRunner):
        MasterSide(environment, runner, conductor)
        open_rate = ArrivalOffice(environment, runner, conductor).set_rate
        LeaseOffice(environment, runner, conductor, REGISTRY)
    elif isinstance(runner, LocalRunner):
        open_users = OpenUsers(environment)
        LocalSide(environment, runner, conductor, open_users)
        open_rate = open_users.set_rate
        told = DataEvents(conductor)
        begin_alone(environment, REGISTRY, told.dry, told.wrong)
    has_rate = bool(open_classes(environment.user_classes))
    desk = PaceDesk(environment, conductor, PacedUsers(environment, REGISTRY), open_rate if has_rate else None)
    if shape is not None:
        shape.follow = desk.follow
    environment.events.test_start.add_listener(switch.on_test_start)  # last: the run has its id by then
    _open_doors(environment, conductor, desk)


def _use_shape(environment: Environment, conductor: Conductor) -> FileShape | None:
    """Take the load shape of the plan, if it has one.

    Raises:
        UsageError: the locustfile has one of its own.
    """
    if conductor.settings.plan.shape is None:
        return None
    if environment.shape_class is not None:
        own = type(environment.shape_class).__name__
        raise UsageError(f"the locustfile has a load shape of its own, {own}; leave --shape out, or remove it")
    shape = FileShape(LoadShape.of_document(conductor.settings.plan.shape), _users_of(environment))
    if shape.shape.kind == "search":
        shape.search = Search(shape.shape, conductor).level
    environment.shape_class, shape.runner = shape, environment.runner  # Locust had no shape when it made its runner
    return shape


def _users_of(environment: Environment) -> int:
    return int(getattr(environment.parsed_options, "num_users", None) or 1)


def _check_users(environment: Environment, settings: Settings) -> None:
    found = open_classes(environment.user_classes)
    if found and settings.plan.interleaved:
        name = found[0].__name__
        raise UsageError(f"{name} has an arrival rate; an interleaved test alternates closed users: use `run` for it")


def check_version(version: str) -> None:
    """Check that the plugin knows this Locust.

    Raises:
        UsageError: it does not.
    """
    numbers = tuple(int(part) for part in version.split(".")[:2])
    low, high = SUPPORTED
    if not low <= numbers < high:
        raise UsageError(
            f"Locust {version} is not supported; install one from {low[0]}.{low[1]} up to, "
            f"not including, {high[0]}.{high[1]}"
        )


def on_init(environment: Environment, early: EarlyRequests | None = None, **_: object) -> None:
    """Register, and for a headless run refuse early; ends the process with one sentence when it refuses."""
    try:
        register(environment, early)
    except PerfError as cause:
        leave(cause)
    conductor = getattr(environment, _MARK)
    options = environment.parsed_options
    if not isinstance(conductor, Conductor):
        return
    recovering = conductor.recover()
    if options is None or not (options.headless or options.autostart):
        return
    _wait_for_recovery(recovering)
    try:
        wait_for_target(target_of(environment), conductor.plan.wait)
        conductor.prepare(conductor.plan)
    except TargetUnreachableError as cause:
        conductor.refuse_unreachable(cause)
        leave(cause)
    except PerfError as cause:
        leave(cause)


def _wait_for_recovery(recovering: list[gevent.Greenlet]) -> None:
    """Close open runs first; a master that was restarted under its workers starts no run by itself."""
    gevent.joinall(recovering)
    if any(each.value for each in recovering):
        leave(
            InterruptedRunError(
                "this master was restarted during a run; the run is closed as INTERRUPTED and its report is made, "
                "but no run is started by itself: start the next one yourself"
            )
        )


def _open_doors(environment: Environment, conductor: Conductor, desk: PaceDesk) -> None:
    if environment.web_ui is not None:
        extend(environment.web_ui, conductor, desk)
    else:
        conductor.url = serve_headless(conductor, desk)

    def on_quit(**_: object) -> None:
        html_file = getattr(environment.parsed_options, "html_file", None)
        if html_file:
            rewrite_html_file(conductor, Path(html_file))
        conductor.postman.last_round()

    environment.events.quit.add_listener(on_quit)
