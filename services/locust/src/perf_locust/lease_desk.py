"""Samplers in a Locust process: what a run begins with, and rows that are handed out once over all workers."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from locust.env import Environment
from locust.rpc import Message
from locust.runners import WorkerRunner

from perf_core.errors import UsageError
from perf_locust.joining import is_at_work
from perf_locust.lease_book import MOST_SAMPLERS, LeaseBook, left_books, take_book
from perf_locust.lease_supply import LeaseSupply
from perf_locust.messages import ROWS_ANSWER, ROWS_ASK, ROWS_BACK, ROWS_DRY, ROWS_WRONG, RUN_OPTION
from perf_locust.samplers import Sampler
from perf_locust.samplers.registry import Registry

log = logging.getLogger(__name__)
MOST_WRONG = 5
"""Wrong rows of which a worker tells in a run; the others are in its log."""


class LeaseDesk:
    """Listeners of one worker process; to be made before those that stop its users, for Locust ends in reverse."""

    def __init__(self, environment: Environment, runner: WorkerRunner, registry: Registry, spool_dir: Path) -> None:
        """Wire the listeners, and take up a run that is on.

        Raises:
            UsageError: the locustfile makes more samplers than a worker can keep count of.
        """
        if len(registry.shared) > MOST_SAMPLERS:
            raise UsageError(f"{len(registry.shared)} samplers are unique; use at most {MOST_SAMPLERS}")
        self._environment, self._runner, self._registry, self._folder = environment, runner, registry, spool_dir
        self._run_id = ""
        self._book: LeaseBook | None = None
        self._supplies: dict[str, LeaseSupply] = {}
        self._told_dry: set[str] = set()
        self._told_wrong: set[str] = set()
        Sampler.when_dry, Sampler.when_wrong = self._on_dry, self._on_wrong
        environment.events.test_start.add_listener(self.on_test_start)
        environment.events.quitting.add_listener(self.on_quitting)
        runner.register_message(ROWS_ANSWER, self.on_answer)
        self._bring_left_books()
        if is_at_work(runner):
            self.on_test_start()

    def on_test_start(self, **_: object) -> None:
        """Begin all samplers again for this run; a worker that comes back to a run goes on."""
        run_id = str(getattr(self._environment.parsed_options, RUN_OPTION, None) or "")
        if run_id and run_id == self._run_id:
            return
        self._close()
        self._run_id = run_id
        self._registry.begin(max(self._runner.worker_index, 0))
        shared = self._registry.shared
        if not run_id or not shared:
            return
        self._book = LeaseBook.create(self._folder, run_id, self._runner.client_id, tuple(shared))
        for number, (name, sampler) in enumerate(shared.items()):
            supply = LeaseSupply(partial(self._ask, name), partial(self._book.used, number))
            sampler.supply = self._supplies[name] = supply

    def on_answer(self, msg: Message, **_: object) -> None:
        """Stock up."""
        supply = self._supplies.get(msg.data["sampler"])
        if msg.data["refused"]:
            log.error("%s", msg.data["refused"])
        if supply is not None and msg.data["run"] == self._run_id:
            supply.answer(msg.data["ask"], msg.data["ranges"], dry=msg.data["dry"])

    def on_quitting(self, **_: object) -> None:
        """Give back what was not handed out; the users are gone by now."""
        if not self._supplies:
            return
        used = {name: supply.used for name, supply in self._supplies.items()}
        run_id, worker = self._run_id, self._runner.client_id
        self._close()
        self._runner.send_message(ROWS_BACK, {"run": run_id, "worker": worker, "used": used})

    def _ask(self, name: str, question: int, want: int, left: int) -> None:
        self._runner.send_message(
            ROWS_ASK,
            {
                "run": self._run_id,
                "sampler": name,
                "digest": self._registry.digests[name],
                "ask": question,
                "want": want,
                "left": left,
            },
        )

    def _on_dry(self, sampler: Sampler) -> None:
        """Tell the master once for each sampler and run."""
        name = sampler.name or type(sampler).__name__
        if name not in self._told_dry:
            self._told_dry.add(name)
            self._runner.send_message(ROWS_DRY, {"run": self._run_id, "sampler": name, "at_end": sampler.at_end})

    def _on_wrong(self, reason: str) -> None:
        """Tell the master once for each row, of the first ones."""
        if reason not in self._told_wrong and len(self._told_wrong) < MOST_WRONG:
            self._told_wrong.add(reason)
            self._runner.send_message(ROWS_WRONG, {"run": self._run_id, "reason": reason})

    def _close(self) -> None:
        for supply in self._supplies.values():
            supply.close()
        self._supplies, self._told_dry, self._told_wrong = {}, set(), set()
        if self._book is not None:
            self._book.close()
            self._book = None

    def _bring_left_books(self) -> None:
        """Give back the rows of workers that died here before."""
        for path in left_books(self._folder):
            with take_book(path) as book:
                if book is not None:
                    self._runner.send_message(
                        ROWS_BACK, {"run": book.run_id, "worker": book.worker, "used": book.used}
                    )


def begin_alone(
    environment: Environment, registry: Registry, dry: Callable[[Sampler], None], wrong: Callable[[str], None]
) -> None:
    """Begin the samplers of a process without workers with every run."""
    Sampler.when_dry, Sampler.when_wrong = dry, wrong
    environment.events.test_start.add_listener(lambda **_: registry.begin(0))
