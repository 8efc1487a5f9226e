"""In a master: hands numbers of rows to the workers, takes those of dead ones back, ends a run that has none left."""

import logging

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, MasterRunner

from perf_locust.conductor import Conductor
from perf_locust.data_events import DataEvents
from perf_locust.lease_book import LeftBook, book_path, take_book
from perf_locust.leases import Answer, Leases
from perf_locust.messages import ROWS_ANSWER, ROWS_ASK, ROWS_BACK, ROWS_DRY, ROWS_WRONG
from perf_locust.samplers import AtEnd, Sampler
from perf_locust.samplers.registry import Registry

log = logging.getLogger(__name__)
LOOK_EVERY = 1.0


class LeaseOffice:
    """Listeners of a master process."""

    def __init__(
        self, environment: Environment, runner: MasterRunner, conductor: Conductor, registry: Registry
    ) -> None:
        """Wire the listeners."""
        self._runner, self._conductor, self._registry = runner, conductor, registry
        self._leases: dict[str, Leases] = {}
        self._run_id = ""
        self._refused: set[str] = set()
        self._told = DataEvents(conductor)
        Sampler.when_dry, Sampler.when_wrong = self._told.dry, self._told.wrong
        environment.events.test_start.add_listener(self.on_test_start)
        runner.register_message(ROWS_ASK, self.on_ask)
        runner.register_message(ROWS_BACK, self.on_back)
        runner.register_message(ROWS_DRY, self.on_dry)
        runner.register_message(ROWS_WRONG, self.on_wrong)
        gevent.spawn(self._watch)

    def on_test_start(self, **_: object) -> None:
        """Begin with the first row of each sampler."""
        session = self._conductor.session
        self._run_id = session.info.id if session is not None else ""
        self._refused = set()
        self._leases = {
            name: Leases(len(each.table), cycle=each.at_end is AtEnd.CYCLE)
            for name, each in self._registry.shared.items()
        }

    def on_ask(self, msg: Message, **_: object) -> None:
        """Answer a worker, unless it works for another run: that one is told so elsewhere."""
        asked, worker = msg.data, msg.node_id
        if asked["run"] != self._run_id:
            return
        refused = self._refusal(worker, asked["sampler"], asked["digest"])
        answer = Answer((), dry=True)
        if not refused:
            answer = self._leases[asked["sampler"]].ask(worker, asked["ask"], asked["want"], asked["left"])
        reply = {key: asked[key] for key in ("run", "sampler", "ask")}
        reply |= {"ranges": answer.ranges, "dry": answer.dry, "refused": refused}
        self._runner.send_message(ROWS_ANSWER, reply, worker)

    def on_back(self, msg: Message, **_: object) -> None:
        """Take back what a worker that left has not handed out."""
        self._take_back(LeftBook(msg.data["run"], msg.data["worker"], msg.data["used"]))

    def on_dry(self, msg: Message, **_: object) -> None:
        """Note that there is nothing left for a user of a worker."""
        if msg.data["run"] == self._run_id:
            self._told.ended(msg.data["sampler"], AtEnd(msg.data["at_end"]))

    def on_wrong(self, msg: Message, **_: object) -> None:
        """Note that a row which a user of a worker was to get is wrong."""
        if msg.data["run"] == self._run_id:
            self._told.wrong(str(msg.data["reason"]))

    def _refusal(self, worker: str, name: str, digest: str) -> str:
        """Return why a worker gets no rows; nothing when it does."""
        if self._registry.digests.get(name) == digest and name in self._leases:
            return ""
        sentence = f"{worker} reads other rows than the master for {name}; give all of them the same file"
        if sentence not in self._refused and self._conductor.session is not None:
            self._refused.add(sentence)
            self._conductor.session.happened("data_differs", sentence)
        return sentence

    def _take_back(self, book: LeftBook) -> None:
        if book.run_id != self._run_id:
            return
        for name, used in book.used.items():
            if name in self._leases:
                back = self._leases[name].give_back(book.worker, used)
                log.info("leases.taken_back", extra={"worker": book.worker, "sampler": name, "rows": back})

    def _watch(self) -> None:
        while True:
            gevent.sleep(LOOK_EVERY)
            session = self._conductor.session
            if session is None or session.over:
                continue
            for worker in {each for leases in self._leases.values() for each in leases.holders()}:
                with take_book(book_path(self._conductor.settings.spool_dir, self._run_id, worker)) as book:
                    if book is not None:
                        self._take_back(book)
                    elif session.is_lost(worker) or self._is_away(worker):
                        self._forget(worker)

    def _is_away(self, worker: str) -> bool:
        node = self._runner.clients.get(worker)
        return node is None or node.state == STATE_MISSING

    def _forget(self, worker: str) -> None:
        """Wait for a dead worker's rows no longer; nobody else gets them, for it may have handed them out."""
        for name, leases in self._leases.items():
            if worker in leases.holders() and (rows := leases.forget(worker)) and self._conductor.session is not None:
                self._conductor.session.happened(
                    "data_lost", f"{worker} is gone with up to {rows} rows of {name}; nobody else gets them"
                )
