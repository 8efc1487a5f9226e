"""Weights of the tasks of user classes, as they can be changed while a run is on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from locust import User

from perf_locust.pace import WrongFieldError

PARTS = 1000
"""Entries that a list of tasks has when weights are fractions."""


class TaskWeights:
    """The tasks of each user class by name, "Class.task"; Locust draws from a list that holds each by its weight."""

    def __init__(self, user_classes: Sequence[type[User]]) -> None:
        """Know the weights of the locustfile."""
        self._tasks: dict[str, tuple[Any, Any]] = {}
        self._first: dict[str, float] = {}
        for user_class in user_classes:
            tasks: Counter[Any] = Counter(user_class.tasks)
            unused = [each for each in vars(user_class).values() if getattr(each, "locust_task_weight", None) == 0]
            for task, weight in {**dict.fromkeys(unused, 0), **tasks}.items():
                name = f"{user_class.__name__}.{task.__name__}"
                self._tasks[name] = (user_class, task)
                self._first[name] = float(weight)
        self.weights = dict(self._first)

    def merged(self, changes: Mapping[str, float]) -> dict[str, float]:
        """Return all weights after a change; the class of a task may be left out when no other has one of its name.

        Raises:
            WrongFieldError: there is no such task, a weight makes no sense, or a class would be without a task.
        """
        merged = self._first | {self._full(name): _weight(name, weight) for name, weight in changes.items()}
        for user_class in {owner for owner, _ in self._tasks.values()}:
            if not sum(weight for name, weight in merged.items() if self._tasks[name][0] is user_class):
                raise WrongFieldError(
                    f"all tasks of {user_class.__name__} would have weight 0; give one of them more", "tasks"
                )
        return merged

    def set(self, changes: Mapping[str, float]) -> None:
        """Set weights; those that are not named have the locustfile's. Errors as `merged`."""
        self.weights = self.merged(changes)
        for user_class in {owner for owner, _ in self._tasks.values()}:
            mine = {name: weight for name, weight in self.weights.items() if self._tasks[name][0] is user_class}
            scale = 1.0 if all(weight.is_integer() for weight in mine.values()) else PARTS / sum(mine.values())
            user_class.tasks[:] = [
                self._tasks[name][1] for name, weight in mine.items() for _ in range(round(weight * scale))
            ]

    def _full(self, name: str) -> str:
        if name in self._tasks:
            return name
        found = [each for each in self._tasks if each.partition(".")[2] == name]
        if len(found) != 1:
            known = ", ".join(found or self._tasks) or "no task at all"
            several = "several tasks are" if found else "no task is"
            raise WrongFieldError(f"{several} called {name!r}; choose of {known}", "tasks", name)
        return found[0]


def _weight(name: str, weight: object) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 1e6:
        raise WrongFieldError(f"the weight of {name!r} is {weight!r}; give a number from 0 to 1000000", "tasks", name)
    return float(weight)
