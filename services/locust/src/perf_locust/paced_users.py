"""The users of one process under what is set: applies it, and tells when it cannot be kept."""

from collections.abc import Mapping
from typing import Any

from locust.env import Environment

from perf_core.errors import PerfError
from perf_locust.open_users import open_classes
from perf_locust.pace import WrongFieldError
from perf_locust.pace_gate import PaceGate
from perf_locust.samplers.mix import Mix
from perf_locust.samplers.registry import Registry
from perf_locust.task_weights import TaskWeights

FEWEST = 20
"""Starts of iterations after which is told that pacing is missed ..."""
MISSED = 0.2
"""... in more than this share of them."""


class PacedUsers:
    """Pacing, weights of tasks and weights of sources in one process."""

    def __init__(self, environment: Environment, registry: Registry) -> None:
        """Stand before the waiting times of all users."""
        opened = open_classes(environment.user_classes)
        self._gate = PaceGate([each for each in environment.user_classes if each not in opened])
        self._environment, self._registry = environment, registry
        self._tasks: TaskWeights | None = None
        self._told_missed = False

    def begin(self) -> None:
        """Begin a run with what the locustfile says; by now Locust has left out the tasks that tags exclude."""
        self._tasks = self._tasks or TaskWeights(self._environment.user_classes)
        self.apply({"seconds": None, "tasks": {}, "sources": {}})

    def apply(self, wanted: Mapping[str, Any]) -> str:
        """Set it; return why it cannot be done here, or nothing."""
        try:
            self.weigh(wanted["tasks"], wanted["sources"])
        except PerfError as cause:
            return str(cause)
        self._gate.set(wanted["seconds"])
        self._told_missed = False
        return ""

    def weigh(self, tasks: Mapping[str, float], sources: Mapping[str, Mapping[str, float]]) -> None:
        """Set the mix; what is not named has the locustfile's weights.

        Raises:
            WrongFieldError: there is no such task or source, or a weight makes no sense.
        """
        if self._tasks is not None:
            self._tasks.set(tasks)
        mixes = self._registry.mixes
        for name in sources:
            if name not in mixes:
                known = ", ".join(mixes) or "none"
                raise WrongFieldError(f"there is no mix {name!r} of test data; there is {known}", "sources", name)
        for name, each in mixes.items():
            _weigh(each, sources.get(name, {}))

    @property
    def task_weights(self) -> dict[str, float]:
        """The weights of all tasks."""
        return dict(self._tasks.weights) if self._tasks is not None else {}

    @property
    def source_weights(self) -> dict[str, dict[str, float]]:
        """The weights of all mixes."""
        return {name: dict(each.weights) for name, each in self._registry.mixes.items()}

    def missed(self) -> float | None:
        """Return the share of starts that came late, once, if it is too large; else None."""
        gate = self._gate
        if self._told_missed or gate.starts < FEWEST or gate.late <= MISSED * gate.starts:
            return None
        self._told_missed = True
        return gate.late / gate.starts


def _weigh(mix: Mix, weights: Mapping[str, float]) -> None:
    """Set the weights one by one, so that what is wrong can be told beside its field."""
    after = dict(mix.first)
    for source, weight in weights.items():
        try:
            mix.check({source: weight})
        except PerfError as cause:
            raise WrongFieldError(str(cause), "sources", mix.name, source) from cause
        after[source] = weight
    try:
        mix.weigh(after)
    except PerfError as cause:
        raise WrongFieldError(str(cause), "sources", mix.name) from cause
