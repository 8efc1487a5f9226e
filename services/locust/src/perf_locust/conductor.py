"""The master's side: opens a run when Locust starts one, gathers its frames, and finishes it when it stops."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner

from perf_core.errors import PerfError
from perf_core.model.frame import Frame
from perf_core.model.plan import RunPlan
from perf_core.model.run import RunInfo
from perf_core.model.verdict import Validity
from perf_core.notify import Courier
from perf_core.runstore import RunStore
from perf_core.runstore.lock import RunLock
from perf_locust.facts import run_facts, scenario_of, target_of
from perf_locust.finish import Finished, finish, is_open
from perf_locust.ledger import Acknowledge
from perf_locust.live import LiveCounters
from perf_locust.messages import RUN_OPTION
from perf_locust.native_thread import in_native_thread
from perf_locust.outbound import Envelope
from perf_locust.postman import Postman
from perf_locust.preflight import Preflight, TargetUnreachableError, check
from perf_locust.recovery import Recovery
from perf_locust.run_session import RunSession
from perf_locust.settings import Settings
from perf_locust.stages import Stages
from perf_locust.threshold_watch import ThresholdWatch
from perf_locust.validity import Incidents

log = logging.getLogger(__name__)


class Conductor:
    """Runs of one master (or single) process, one after the other."""

    def __init__(self, environment: Environment, settings: Settings) -> None:
        """Know the environment; `plugin` wires the listeners."""
        self.environment, self.settings = environment, settings
        self.host: str | None = environment.host
        """Where runs go that name no host; one that does changes it for itself only."""
        self.store, self.live = RunStore(settings.runs_dir), LiveCounters()
        self.postman = Postman(Courier(self.store))
        self.plan: RunPlan = settings.plan
        self.session: RunSession | None = None
        self.last: Finished | None = None
        self.finishing, self.lost = False, 0
        self.url = self.message = ""
        self.pacing: float | None = None  # seconds, when somebody set them in the run that is on
        self.watch: ThresholdWatch | None = None
        self.stages: Stages | None = None
        self.observers: list[Callable[[Frame], None]] = []
        self.recoveries: dict[str, Recovery] = {}
        """Runs that are not on any more and still get samples, by id."""
        self._recovering: list[gevent.Greenlet] = []
        self._closed = Event()
        self._prepared: Preflight | None = None

    def prepare(self, plan: RunPlan, target: str | None = None) -> Preflight:
        """Check what a run needs; the next start of Locust is judged by it.

        Raises:
            PerfError: the run would be worth nothing.
        """
        if self.settings.refusal:
            log.error("no run is started: %s", self.settings.refusal)
            raise PerfError(self.settings.refusal)
        scenario = scenario_of(self.environment, plan)
        self._prepared = check(self.store, scenario, plan.baseline, target or target_of(self.environment))
        self.plan, self.message = plan, self._prepared.sentence
        log.info("%s", self._prepared.sentence)
        return self._prepared

    def refuse_unreachable(self, cause: TargetUnreachableError) -> None:
        """Leave a run folder that says INVALID, so that nobody takes silence for a pass."""
        info = replace(self._facts(), ended=time.time(), validity=Validity.INVALID, workers=0)
        RunStore(self.store.root).create(info)
        self.last = finish(self.store, info, None, Incidents(refused=str(cause)), strict=self.plan.strict)
        self.postman.last_round()

    def on_test_start(self, **_: object) -> None:
        """Open a run, before the first user starts."""
        if self._prepared is None:  # started by something that does not ask us first
            try:
                self.prepare(self.plan)
            except PerfError as cause:
                self.message = str(cause)
                log.error("this run is not recorded: %s", cause)  # noqa: TRY400  one sentence for people
                return
        prepared, self._prepared = self._prepared, None
        self.session = RunSession(self.store, self._facts(), prepared.baselines if prepared else (), self.settings)
        setattr(self.environment.parsed_options, RUN_OPTION, self.session.info.id)
        if self.url:
            self.session.advertise(self.url, self.settings.token)
        self.watch = ThresholdWatch(self.session, self.end_run)
        self.stages = Stages(self.environment, self.session).start()
        log.info("run %s is recorded in %s", self.session.info.id, self.session.folder.path)

    def on_spawning_complete(self, **_: object) -> None:
        """Note the end of the ramp-up."""
        if self.session is not None:
            self.session.spawned()

    def receive(self, envelope: Envelope, acknowledge: Acknowledge) -> bool:
        """Take frames, of the open run or of one that is not on any more; return whether they can be taken."""
        session = self.session
        if session is not None and session.info.id == envelope["run"]:
            session.limited(envelope.get("limits", ""))
            frames = session.receive(envelope["frames"], acknowledge)
        else:
            recovery = self.recoveries.get(envelope["run"]) or self._reopen(envelope["run"], late=True)
            if recovery is None:
                log.warning("capture.stray_frames", extra={"run_id": envelope["run"]})
                return False
            frames = recovery.receive(envelope["frames"], acknowledge)
        for frame in frames:
            self.live.add(frame)
            if self.watch is not None:
                self.watch.add(frame)
            for observer in self.observers:
                observer(frame)
        return True

    def drained(self, run_id: str, worker: str, frames: int) -> None:
        """Note that a worker of a run that is not on any more has nothing further."""
        if run_id in self.recoveries:
            self.recoveries[run_id].drained(worker, frames)

    def recover(self) -> list[gevent.Greenlet]:
        """Close what an earlier master left open, with all that its workers and their spools still have.

        Returns the greenlets that do it; each ends with the workers that came back.
        """
        for info in self.store.list():
            if is_open(info):
                self._reopen(info.id, late=False)
        return list(self._recovering)

    def _reopen(self, run_id: str, *, late: bool) -> Recovery | None:
        try:
            folder = self.store.folder(run_id)
            lock = RunLock.take(folder.path)
        except (PerfError, OSError):
            return None
        if lock is None:
            return None
        if not late:
            log.warning("run %s was left open by a master that died; it is closed now", run_id)
        recovery = Recovery(self.store, folder, lock, self.settings)
        self.recoveries[run_id] = recovery
        self._recovering.append(gevent.spawn(self._recover, run_id, recovery, late))
        return recovery

    def _recover(self, run_id: str, recovery: Recovery, late: bool) -> set[str]:
        alone = not isinstance(self.environment.runner, MasterRunner)
        try:
            recovery.run(0.0 if late or alone else self.settings.recovery_seconds)
        finally:
            self.recoveries.pop(run_id, None)
            self._recovering[:] = [each for each in self._recovering if each is not gevent.getcurrent()]
        return recovery.came

    def close(self) -> None:
        """Finish the open run: its load is over and all its workers are empty, or lost."""
        session = self.session
        if session is None:
            return
        if self.finishing:
            self._closed.wait()
            return
        self.finishing = True
        self._closed.clear()
        try:
            if self.stages is not None:
                self.stages.end()
            if not session.over:
                session.ended()
            self._finish(session)
        finally:
            (session.folder.path / "master.json").unlink(missing_ok=True)
            session.close()
            self.session, self.finishing = None, False
            self.plan = replace(self.plan, run_id=None, repeats=(), quiet=False)
            self._closed.set()

    def _finish(self, session: RunSession) -> None:
        for frame in session.settle(self.settings.drain_seconds):
            self.live.add(frame)
        try:
            self.last = in_native_thread(
                finish, self.store, session.info, session.baseline, session.incidents(), strict=self.plan.strict
            )
        except PerfError as cause:
            self.message = str(cause)
            log.error("run %s could not be judged: %s", session.info.id, cause)  # noqa: TRY400  one sentence
            self.environment.process_exit_code = cause.exit_code
        else:
            self.environment.process_exit_code = self.last.exit_code
            self.lost += self.last.info.lost_requests
            self.message = self.last.comparison.explanation
            log.info("run %s: %s", session.info.id, self.last.comparison.verdict or "no verdict")
            self.postman.wake()

    @property
    def state(self) -> str:
        """idle, spawning, running, stopping or finishing."""
        runner = self.environment.runner
        if self.finishing:
            return "finishing"
        if runner is None or self.session is None:
            return "idle"
        known = {"spawning": "spawning", "running": "running"}
        return known.get(runner.state, "stopping")

    @property
    def ready(self) -> bool:
        """Whether a run can be started: none is on, and the workers are there."""
        runner = self.environment.runner
        if self.session is not None or self.finishing or runner is None:
            return False
        if not isinstance(runner, MasterRunner):
            return True
        expected = getattr(self.environment.parsed_options, "expect_workers", 1) or 1
        return len(runner.clients.ready) >= max(1, expected)

    def report_path(self) -> Path | None:
        """Return the report of the last finished run, if it was written."""
        if self.last is None:
            return None
        path = self.store.folder_of(self.last.info.id).path / "report.html"
        return path if path.exists() else None

    def end_run(self) -> None:
        """Stop the load for good: a headless Locust ends, one with a web UI waits for the next run."""
        runner = self.environment.runner
        if runner is not None:
            gevent.spawn(runner.stop if self.environment.web_ui is not None else runner.quit)

    def _facts(self) -> RunInfo:
        runner = self.environment.runner
        options = self.environment.parsed_options
        users = int(getattr(runner, "target_user_count", 0) or getattr(options, "num_users", 0) or 0)
        rate = float(getattr(runner, "spawn_rate", 0.0) or getattr(options, "spawn_rate", 0.0) or 0.0)
        return run_facts(self.environment, self.plan, users, rate)
